using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>
/// A private key, expanded: s₁, s₂ and t₀ in the image of the transform, the encoded form, and the public key that belongs to
/// it. Zeroed when disposed.
/// </summary>
/// <remarks>
/// The arrays are pinned, so that the garbage collector leaves no copy behind when it moves objects. Operations may run at the same time;
/// disposing while one runs is the caller's mistake.
/// </remarks>
internal sealed class SigningKey : IDisposable
{
    /// <summary>
    /// Attempts after which signing gives up: FIPS 204, Appendix C, wants at least 814, which an honest key reaches
    /// with a chance below 2⁻²⁵⁶.
    /// </summary>
    private const int MaxAttempts = 1000;

    private readonly ParameterSet _set;
    private readonly byte[] _encoded;
    private readonly byte[]? _seed;
    private readonly int[] _s1;
    private readonly int[] _s2;
    private readonly int[] _t0;

    /// <summary>Takes over the arrays; the three vectors come as ring elements and are transformed here.</summary>
    [TouchesSecrets]
    private SigningKey(ParameterSet set, byte[] encoded, byte[]? seed, int[] s1, int[] s2, int[] t0, VerificationKey verificationKey)
    {
        _set = set;
        _encoded = encoded;
        _seed = seed;
        _s1 = s1;
        _s2 = s2;
        _t0 = t0;
        VerificationKey = verificationKey;
        Transform(new RingVector(s1));
        Transform(new RingVector(s2));
        Transform(new RingVector(t0));
    }

    internal VerificationKey VerificationKey { get; }

    /// <summary>The private key as FIPS 204, Algorithm 24, encodes it.</summary>
    internal ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>ξ, or empty where the key was imported without it.</summary>
    internal ReadOnlySpan<byte> Seed => _seed;

    /// <summary>FIPS 204, Algorithm 6.</summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="seed">ξ, 32 secret random bytes.</param>
    [TouchesSecrets]
    internal static SigningKey FromSeed(ParameterSet set, ReadOnlySpan<byte> seed)
    {
        int[] matrix = new int[set.K * set.L * ParameterSet.N];
        int[] s1 = AllocatePinned(set.L);
        int[] s2 = AllocatePinned(set.K);
        int[] t0 = AllocatePinned(set.K);
        byte[] encoded = GC.AllocateArray<byte>(set.Algorithm.PrivateKeySizeInBytes, pinned: true);
        byte[] keptSeed = GC.AllocateArray<byte>(ParameterSet.SeedSize, pinned: true);
        Span<byte> derived = stackalloc byte[128];
        Span<int> memory = stackalloc int[ParameterSet.MaxK * ParameterSet.N];
        try
        {
            // (ρ, ρ', K) = H(ξ ‖ k ‖ ℓ, 128)
            Sponge.Shake256(seed, [(byte)set.K, (byte)set.L], derived);
            ReadOnlySpan<byte> rho = derived[..32];
            Sampling.ExpandMatrix(set, rho, new NttVector(matrix));
            Sampling.ExpandSecrets(set, derived.Slice(32, 64), new RingVector(s1), new RingVector(s2));

            var t1 = new RingVector(memory[..(set.K * ParameterSet.N)]);
            ComputeT(set, new NttVector(matrix), new RingVector(s1), new RingVector(s2), t1);
            for (int i = 0; i < set.K; i++)
                Rounding.Power2Round(t1[i], t1[i], new RingVector(t0)[i]);

            var verificationKey = VerificationKey.Encode(set, rho, t1, matrix);
            Encode(set, rho, derived[96..], verificationKey.Tr, new RingVector(s1), new RingVector(s2), new RingVector(t0), encoded);
            seed.CopyTo(keptSeed);
            return new SigningKey(set, encoded, keptSeed, s1, s2, t0, verificationKey);
        }
        finally
        {
            Erase.Memory(derived);
            Erase.Memory(memory);
        }
    }

    /// <summary>FIPS 204, Algorithm 25, of a key of the right length.</summary>
    /// <exception cref="CryptographicException">A coefficient of s₁ or s₂ is larger than η, or t₀ or tr is not what s₁
    /// and s₂ give.</exception>
    [TouchesSecrets]
    internal static SigningKey Decode(ParameterSet set, ReadOnlySpan<byte> source)
    {
        int[] matrix = new int[set.K * set.L * ParameterSet.N];
        int[] s1 = AllocatePinned(set.L);
        int[] s2 = AllocatePinned(set.K);
        int[] t0 = AllocatePinned(set.K);
        Span<int> memory = stackalloc int[(ParameterSet.MaxK + 1) * ParameterSet.N];
        bool valid = false;
        try
        {
            ReadOnlySpan<byte> rho = source[..32];
            ReadOnlySpan<byte> tr = source.Slice(64, 64);
            ReadOnlySpan<byte> rest = source[128..];
            Unpack(ref rest, set.EtaBits, set.Eta, new RingVector(s1));
            Unpack(ref rest, set.EtaBits, set.Eta, new RingVector(s2));
            Unpack(ref rest, ParameterSet.D, 1 << (ParameterSet.D - 1), new RingVector(t0));

            // Whether a key is whole is told to the caller; where it is not, stays hidden.
            bool inRange = !Rounding.NormReaches(s1, set.Eta + 1) & !Rounding.NormReaches(s2, set.Eta + 1);

            Sampling.ExpandMatrix(set, rho, new NttVector(matrix));
            var t1 = new RingVector(memory[..(set.K * ParameterSet.N)]);
            var low = new RingElement(memory[(ParameterSet.MaxK * ParameterSet.N)..]);
            ComputeT(set, new NttVector(matrix), new RingVector(s1), new RingVector(s2), t1);
            int difference = 0;
            for (int i = 0; i < set.K; i++)
            {
                Rounding.Power2Round(t1[i], t1[i], low);
                ReadOnlySpan<int> given = new RingVector(t0)[i].Coefficients;
                for (int j = 0; j < given.Length; j++)
                    difference |= given[j] ^ low.Coefficients[j];
            }

            var verificationKey = VerificationKey.Encode(set, rho, t1, matrix);
            valid = inRange & difference == 0 & CryptographicOperations.FixedTimeEquals(tr, verificationKey.Tr);
            if (!valid)
                throw new CryptographicException("The private key is not valid: its parts do not belong together.");

            byte[] encoded = GC.AllocateArray<byte>(source.Length, pinned: true);
            source.CopyTo(encoded);
            return new SigningKey(set, encoded, seed: null, s1, s2, t0, verificationKey);
        }
        finally
        {
            Erase.Memory(memory);
            if (!valid)
            {
                Erase.Memory(s1.AsSpan());
                Erase.Memory(s2.AsSpan());
                Erase.Memory(t0.AsSpan());
            }
        }
    }

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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Sign(ReadOnlySpan<byte> mu, ReadOnlySpan<byte> randomness, Span<byte> destination)
    {
        const int N = ParameterSet.N;
        Span<int> memory = stackalloc int[((2 * ParameterSet.MaxL) + (2 * ParameterSet.MaxK) + 2) * N];
        Span<long> sum = stackalloc long[N];
        Span<byte> rhoDoublePrime = stackalloc byte[64];
        Span<byte> packed = stackalloc byte[32 * 6];
        Span<byte> challengeMemory = stackalloc byte[ParameterSet.MaxChallengeSize];
        Span<byte> challengeHash = challengeMemory[.._set.ChallengeSize];
        packed = packed[..(32 * _set.Gamma2.HighBits)];
        try
        {
            Span<int> free = memory;
            var y = new RingVector(Take(ref free, _set.L));
            var z = new RingVector(Take(ref free, _set.L));
            var w = new RingVector(Take(ref free, _set.K));
            var hint = new RingVector(Take(ref free, _set.K));
            var challenge = new RingElement(Take(ref free, 1));
            var product = new RingElement(Take(ref free, 1));
            NttVector matrix = VerificationKey.Matrix;
            var s1 = new NttVector(_s1);
            var s2 = new NttVector(_s2);
            var t0 = new NttVector(_t0);
            sum.Clear();

            // ρ'' = H(K ‖ rnd ‖ μ, 64)
            DeriveMaskSeed(randomness, mu, rhoDoublePrime);
            for (int attempt = 0; attempt < MaxAttempts; attempt++)
            {
                Sampling.ExpandMask(_set, rhoDoublePrime, attempt * _set.L, y);
                y.Coefficients.CopyTo(z.Coefficients);
                for (int j = 0; j < _set.L; j++)
                    Ntt.Forward(z[j]);
                var yTransformed = new NttVector(z.Coefficients);

                // w = NTT⁻¹(Â∘NTT(y)), c̃ = H(μ ‖ w₁Encode(HighBits(w)), λ/4), w₁Encode being Algorithm 28
                var shake = Sponge.NewShake256();
                try
                {
                    shake.Absorb(mu);
                    for (int i = 0; i < _set.K; i++)
                    {
                        for (int j = 0; j < _set.L; j++)
                            Ntt.MultiplyAdd(sum, matrix[(i * _set.L) + j], yTransformed[j]);
                        Ntt.Inverse(Ntt.Reduce(sum, w[i]));
                        Rounding.HighBits(_set.Gamma2, w[i], product);
                        BitCodec.PackUnsigned(product.Coefficients, _set.Gamma2.HighBits, packed);
                        shake.Absorb(packed);
                    }

                    shake.Squeeze(challengeHash);
                }
                finally
                {
                    shake.Clear();
                }

                SampleInBall.Sample(_set, challengeHash, challenge);
                NttElement c = Ntt.Forward(challenge);

                // z = y + c·s₁, centred
                for (int j = 0; j < _set.L; j++)
                {
                    ReadOnlySpan<int> cs1 = Ntt.MultiplyInverse(c, s1[j], product).Coefficients;
                    Span<int> sumOfBoth = z[j].Coefficients;
                    ReadOnlySpan<int> mask = y[j].Coefficients;
                    for (int n = 0; n < sumOfBoth.Length; n++)
                        sumOfBoth[n] = Field.Centered(Field.Canonical(mask[n] + cs1[n]));
                }

                if (Rounding.NormReaches(z.Coefficients, _set.Gamma1 - _set.Beta))
                    continue;

                // w - c·s₂, whose low parts must be small
                bool rejected = false;
                for (int i = 0; i < _set.K; i++)
                {
                    ReadOnlySpan<int> cs2 = Ntt.MultiplyInverse(c, s2[i], product).Coefficients;
                    Span<int> r = w[i].Coefficients;
                    for (int n = 0; n < r.Length; n++)
                        r[n] = Field.Canonical(r[n] - cs2[n]);
                    rejected |= Rounding.LowBitsReach(_set.Gamma2, w[i], _set.Gamma2.Value - _set.Beta);
                }

                if (rejected)
                    continue;

                // h = MakeHint(-c·t₀, w - c·s₂ + c·t₀)
                int ones = 0;
                for (int i = 0; i < _set.K; i++)
                {
                    Span<int> ct0 = Ntt.MultiplyInverse(c, t0[i], product).Coefficients;
                    ReadOnlySpan<int> r = w[i].Coefficients;
                    Span<int> h = hint[i].Coefficients;
                    for (int n = 0; n < h.Length; n++)
                    {
                        h[n] = Field.Canonical(r[n] + ct0[n]);
                        ct0[n] = Field.Centered(ct0[n]);
                    }

                    rejected |= Rounding.NormReaches(ct0, _set.Gamma2.Value);
                    ones += Hints.Make(_set.Gamma2, w[i], hint[i]);
                }

                if (rejected || ones > _set.Omega)
                    continue;

                SignatureCodec.Encode(_set, challengeHash, z, hint, destination);
                return;
            }

            throw new CryptographicException("Signing found no signature within the bound of FIPS 204, Appendix C.");
        }
        finally
        {
            Erase.Memory(memory);
            Erase.Memory(sum);
            Erase.Memory(rhoDoublePrime);
            Erase.Memory(packed);
            Erase.Memory(challengeMemory);
        }
    }

    [TouchesSecrets]
    public void Dispose()
    {
        Erase.Memory(_encoded.AsSpan());
        Erase.Memory(_seed.AsSpan());
        Erase.Memory(_s1.AsSpan());
        Erase.Memory(_s2.AsSpan());
        Erase.Memory(_t0.AsSpan());
    }

    /// <summary>t = NTT⁻¹(Â∘NTT(s₁)) + s₂ with coefficients in [0, q).</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ComputeT(ParameterSet set, NttVector matrix, RingVector s1, RingVector s2, RingVector t)
    {
        Span<int> memory = stackalloc int[ParameterSet.MaxL * ParameterSet.N];
        Span<long> sum = stackalloc long[ParameterSet.N];
        try
        {
            var transformed = new RingVector(memory[..(set.L * ParameterSet.N)]);
            s1.Coefficients.CopyTo(transformed.Coefficients);
            Transform(transformed);
            sum.Clear();
            for (int i = 0; i < set.K; i++)
            {
                for (int j = 0; j < set.L; j++)
                    Ntt.MultiplyAdd(sum, matrix[(i * set.L) + j], new NttVector(transformed.Coefficients)[j]);
                Span<int> row = Ntt.Inverse(Ntt.Reduce(sum, t[i])).Coefficients;
                ReadOnlySpan<int> error = s2[i].Coefficients;
                for (int n = 0; n < row.Length; n++)
                    row[n] = Field.Canonical(row[n] + error[n]);
            }
        }
        finally
        {
            Erase.Memory(memory);
            Erase.Memory(sum);
        }
    }

    /// <summary>FIPS 204, Algorithm 24.</summary>
    [TouchesSecrets]
    private static void Encode(
        ParameterSet set,
        ReadOnlySpan<byte> rho,
        ReadOnlySpan<byte> k,
        ReadOnlySpan<byte> tr,
        RingVector s1,
        RingVector s2,
        RingVector t0,
        Span<byte> destination)
    {
        rho.CopyTo(destination);
        k.CopyTo(destination[32..]);
        tr.CopyTo(destination[64..]);
        destination = destination[128..];
        Pack(s1, set.EtaBits, set.Eta, ref destination);
        Pack(s2, set.EtaBits, set.Eta, ref destination);
        Pack(t0, ParameterSet.D, 1 << (ParameterSet.D - 1), ref destination);
    }

    [TouchesSecrets]
    private static void Pack(RingVector vector, int width, int offset, ref Span<byte> destination)
    {
        for (int i = 0; i < vector.Count; i++)
        {
            BitCodec.Pack(vector[i].Coefficients, width, offset, destination);
            destination = destination[(32 * width)..];
        }
    }

    [TouchesSecrets]
    private static void Unpack(ref ReadOnlySpan<byte> source, int width, int offset, RingVector vector)
    {
        for (int i = 0; i < vector.Count; i++)
        {
            BitCodec.Unpack(source, width, offset, vector[i].Coefficients);
            source = source[(32 * width)..];
        }
    }

    [TouchesSecrets]
    private static void Transform(RingVector vector)
    {
        for (int i = 0; i < vector.Count; i++)
            Ntt.Forward(vector[i]);
    }

    private static int[] AllocatePinned(int elements) => GC.AllocateArray<int>(elements * ParameterSet.N, pinned: true);

    private static Span<int> Take(scoped ref Span<int> free, int elements)
    {
        Span<int> taken = free[..(elements * ParameterSet.N)];
        free = free[taken.Length..];
        return taken;
    }

    [TouchesSecrets]
    private void DeriveMaskSeed(ReadOnlySpan<byte> randomness, ReadOnlySpan<byte> mu, Span<byte> rhoDoublePrime)
    {
        var shake = Sponge.NewShake256();
        try
        {
            shake.Absorb(_encoded.AsSpan(32, 32));
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
