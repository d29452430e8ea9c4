using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips204;

internal sealed partial class SigningKey
{
    /// <summary>
    /// Attempts after which signing gives up: FIPS 204, Appendix C, wants at least 814, which an honest key reaches
    /// with a chance below 2⁻²⁵⁶.
    /// </summary>
    private const int MaxAttempts = 1000;

    /// <summary>FIPS 204, Algorithm 7, from line 7; what comes before was done when the key was loaded.</summary>
    /// <remarks>
    /// The loop branches on rejection, and may: how often a signature was tried, and which of the checks refused, does not depend on the
    /// key, since the chance of an attempt to pass is the same for all keys and messages; the values refused are never shown. Each check
    /// gathers all coefficients before it says yes or no.
    /// </remarks>
    /// <param name="mu">μ, 64 bytes.</param>
    /// <param name="randomness">rnd, 32 bytes: random, or zero for the deterministic variant.</param>
    /// <param name="destination">Receives the signature.</param>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Sign(ReadOnlySpan<byte> mu, ReadOnlySpan<byte> randomness, Span<byte> destination)
    {
        using SecretMemory.Lease use = Use();
        Span<int> all = stackalloc int[((2 * ParameterSet.MaxL) + (2 * ParameterSet.MaxK) + 2) * ParameterSet.N];
        Span<int> memory = all[..(((2 * _set.L) + (2 * _set.K) + 2) * ParameterSet.N)];
        Span<byte> masks = stackalloc byte[MaskStream.Size];
        Span<byte> rhoDoublePrime = stackalloc byte[64];
        Span<byte> challengeMemory = stackalloc byte[ParameterSet.MaxChallengeSize];
        Span<byte> challengeHash = challengeMemory[.._set.ChallengeSize];
        try
        {
            Span<int> free = memory;
            var y = new RingVector(Take(ref free, _set.L));
            var z = new RingVector(Take(ref free, _set.L));
            var w = new RingVector(Take(ref free, _set.K));
            var hint = new RingVector(Take(ref free, _set.K));
            var challenge = new RingElement(Take(ref free, 1));
            var product = new RingElement(Take(ref free, 1));

            // ρ'' = H(K ‖ rnd ‖ μ, 64)
            DeriveMaskSeed(randomness, mu, rhoDoublePrime);
            var stream = new MaskStream(_set, rhoDoublePrime, masks);
            for (int attempt = 0; attempt < MaxAttempts; attempt++)
            {
                stream.Next(y);
                Commit(mu, y, z, w, product, challengeHash);
                SampleInBall.Sample(_set, challengeHash, challenge);
                NttElement c = Ntt.Forward(challenge);
                if (MaskReaches(c, y, z, product) || LowBitsReach(c, w, product) || !TryMakeHint(c, w, hint, product))
                    continue;

                SignatureCodec.Encode(_set, challengeHash, z, hint, destination);
                return;
            }

            throw new CryptographicException("Signing found no signature within the bound of FIPS 204, Appendix C.");
        }
        finally
        {
            Erase.Memory(memory);
            Erase.Memory(masks);
            Erase.Memory(rhoDoublePrime);
            Erase.Memory(challengeMemory);
            Erase.StackAndRegisters();
        }
    }

    /// <summary>w = NTT⁻¹(Â∘NTT(y)) and c̃ = H(μ ‖ w₁Encode(HighBits(w)), λ/4), w₁Encode being Algorithm 28; z is scratch.</summary>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Commit(
        ReadOnlySpan<byte> mu, RingVector y, RingVector z, RingVector w, RingElement high, Span<byte> challengeHash)
    {
        Span<byte> memory = stackalloc byte[32 * 6];
        Span<byte> packed = memory[..(32 * _set.Gamma2.HighBits)];
        var shake = Sponge.NewShake256();
        try
        {
            y.Coefficients.CopyTo(z.Coefficients);
            for (int j = 0; j < _set.L; j++)
                Ntt.Forward(z[j]);
            shake.Absorb(mu);
            for (int i = 0; i < _set.K; i++)
            {
                Ntt.Inverse(Products.SumRow(VerificationKey.Matrix, i, new NttVector(z.Coefficients), w[i]));
                Rounding.HighBits(_set.Gamma2, w[i], high);
                BitCodec.PackUnsigned(high.Coefficients, _set.Gamma2.HighBits, packed);
                shake.Absorb(packed);
            }

            shake.Squeeze(challengeHash);
        }
        finally
        {
            shake.Clear();
            Erase.Memory(packed);
        }
    }

    /// <summary>z = y + c·s₁, centred, and whether its norm is γ₁ - β or more.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool MaskReaches(NttElement c, RingVector y, RingVector z, RingElement product)
    {
        NttVector s1 = S1;
        for (int j = 0; j < _set.L; j++)
            Sums.AddCentered(y[j], Products.MultiplyInverse(c, s1[j], product), z[j]);
        return Rounding.NormReaches(z.Coefficients, _set.Gamma1 - _set.Beta);
    }

    /// <summary>w - c·s₂, and whether its low parts are γ₂ - β or more in size.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool LowBitsReach(NttElement c, RingVector w, RingElement product)
    {
        NttVector s2 = S2;
        bool reached = false;
        for (int i = 0; i < _set.K; i++)
        {
            Sums.Subtract(w[i], Products.MultiplyInverse(c, s2[i], product));
            reached |= Rounding.LowBitsReach(_set.Gamma2, w[i], _set.Gamma2.Value - _set.Beta);
        }

        return reached;
    }

    /// <summary>
    /// h = MakeHint(-c·t₀, w - c·s₂ + c·t₀), of a w from which c·s₂ is subtracted; false where c·t₀ is too large or h has too many ones.
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryMakeHint(NttElement c, RingVector w, RingVector hint, RingElement product)
    {
        NttVector t0 = T0;
        bool reached = false;
        int ones = 0;
        for (int i = 0; i < _set.K; i++)
        {
            RingElement ct0 = Products.MultiplyInverse(c, t0[i], product);
            w[i].Coefficients.CopyTo(hint[i].Coefficients);
            Sums.Add(hint[i], ct0);
            Sums.Center(ct0);
            reached |= Rounding.NormReaches(ct0.Coefficients, _set.Gamma2.Value);
            ones += Hints.Make(_set.Gamma2, w[i], hint[i]);
        }

        return !reached && ones <= _set.Omega;
    }

    private static Span<int> Take(scoped ref Span<int> free, int elements)
    {
        Span<int> taken = free[..(elements * ParameterSet.N)];
        free = free[taken.Length..];
        return taken;
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DeriveMaskSeed(ReadOnlySpan<byte> randomness, ReadOnlySpan<byte> mu, Span<byte> rhoDoublePrime)
    {
        var shake = Sponge.NewShake256();
        try
        {
            shake.Absorb(Encoded.Slice(32, 32));
            shake.Absorb(randomness);
            shake.Absorb(mu);
            shake.Squeeze(rhoDoublePrime);
        }
        finally
        {
            shake.Clear();
        }
    }
}
