using System.Runtime.CompilerServices;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>The public-key encryption scheme K-PKE inside ML-KEM (FIPS 203, section 5); not safe to use by itself.</summary>
internal static class KPke
{
    /// <summary>FIPS 203, Algorithm 13, line 1: (ρ, σ) = G(d ‖ k), the public and the secret seed.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void DeriveSeeds(ParameterSet set, ReadOnlySpan<byte> d, Span<byte> rhoAndSigma) =>
        Sponge.Sha3_512(d, [(byte)set.K], rhoAndSigma);

    /// <summary>FIPS 203, Algorithm 13, from line 2 and without the encodings: Â, t̂ and ŝ.</summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="rho">The public seed ρ.</param>
    /// <param name="sigma">The secret seed σ.</param>
    /// <param name="matrix">Receives Â, row by row, in [0, q).</param>
    /// <param name="t">Receives t̂ in [0, q).</param>
    /// <param name="s">Receives ŝ, laid out as factors.</param>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void GenerateKey(
        ParameterSet set, ReadOnlySpan<byte> rho, ReadOnlySpan<byte> sigma, NttVector matrix, NttVector t, FactorVector s)
    {
        Span<short> memory = stackalloc short[2 * ParameterSet.MaxK * ParameterSet.N];
        Span<short> noise = memory[..(2 * set.K * ParameterSet.N)];
        try
        {
            // Elements 0 to k - 1 are s, the others e.
            Sampling.ExpandMatrixAndNoise(set, rho, sigma, matrix, new RingVector(noise));
            for (int i = 0; i < 2 * set.K; i++)
                Ntt.Forward(new RingVector(noise)[i]);
            Products.Prepare(new NttVector(noise[..(set.K * ParameterSet.N)]), s);
            NttVector e = new(noise[(set.K * ParameterSet.N)..]);
            for (int i = 0; i < set.K; i++)
            {
                NttElement row = Products.Sum(matrix, i * set.K, 1, s, t[i].Coefficients);
                Sums.AddToProduct(row, e[i]);
            }
        }
        finally
        {
            Erase.Memory(noise);
        }
    }

    /// <summary>FIPS 203, Algorithm 14.</summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="matrix">Â, row by row.</param>
    /// <param name="t">t̂.</param>
    /// <param name="message">32 bytes, secret.</param>
    /// <param name="randomness">32 bytes, secret.</param>
    /// <param name="ciphertext">Receives c₁ ‖ c₂.</param>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Encrypt(
        ParameterSet set, NttVector matrix, NttVector t, ReadOnlySpan<byte> message, ReadOnlySpan<byte> randomness, Span<byte> ciphertext)
    {
        Span<short> all = stackalloc short[(((2 * ParameterSet.MaxK) + 3) * ParameterSet.N) + (ParameterSet.MaxK * Factor.Size)];
        Span<short> memory = all[..((((2 * set.K) + 3) * ParameterSet.N) + (set.K * Factor.Size))];
        try
        {
            // Elements 0 to k - 1 are y, then come the k of e₁, then e₂.
            RingVector noise = new(memory[..(((2 * set.K) + 1) * ParameterSet.N)]);
            Span<short> rest = memory[noise.Coefficients.Length..];
            Span<short> product = rest[..ParameterSet.N];
            RingElement decoded = new(rest[ParameterSet.N..]);
            FactorVector factors = new(rest[(2 * ParameterSet.N)..]);

            Sampling.SampleNoise(set, randomness, set.K, noise);
            for (int i = 0; i < set.K; i++)
                Ntt.Forward(noise[i]);
            Products.Prepare(new NttVector(noise.Coefficients[..(set.K * ParameterSet.N)]), factors);

            // u = NTT⁻¹(Âᵀ∘ŷ) + e₁: column i of the matrix.
            for (int i = 0; i < set.K; i++)
            {
                RingElement u = Ntt.Inverse(Products.Sum(matrix, i, set.K, factors, product));
                Sums.Add(u, noise[set.K + i]);
                Compress.Apply(u, set.Du);
                ByteCodec.Encode(u.Coefficients, set.Du, ciphertext[(32 * set.Du * i)..]);
            }

            // v = NTT⁻¹(t̂ᵀ∘ŷ) + e₂ + Decompress₁(m). Sizes: less than q, at most 2 and at most (q+1)/2 add up to less than 2q.
            RingElement v = Ntt.Inverse(Products.Sum(t, 0, 1, factors, product));
            Sums.Add(v, noise[2 * set.K]);
            ByteCodec.Decode(message, 1, decoded.Coefficients);
            Compress.Undo(decoded, 1);
            Sums.Add(v, decoded);
            Compress.Apply(v, set.Dv);
            ByteCodec.Encode(v.Coefficients, set.Dv, ciphertext[(32 * set.Du * set.K)..]);
        }
        finally
        {
            Erase.Memory(memory);
            Erase.Stack();
        }
    }

    /// <summary>FIPS 203, Algorithm 15.</summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="s">ŝ, laid out as factors.</param>
    /// <param name="ciphertext">c₁ ‖ c₂.</param>
    /// <param name="message">Receives 32 bytes, secret.</param>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Decrypt(ParameterSet set, FactorVector s, ReadOnlySpan<byte> ciphertext, Span<byte> message)
    {
        Span<short> all = stackalloc short[(ParameterSet.MaxK + 2) * ParameterSet.N];
        Span<short> memory = all[..((set.K + 2) * ParameterSet.N)];
        try
        {
            RingVector u = new(memory[..(set.K * ParameterSet.N)]);
            Span<short> product = memory.Slice(u.Coefficients.Length, ParameterSet.N);
            RingElement w = new(memory[(u.Coefficients.Length + ParameterSet.N)..]);
            for (int i = 0; i < set.K; i++)
            {
                ByteCodec.Decode(ciphertext[(32 * set.Du * i)..], set.Du, u[i].Coefficients);
                Compress.Undo(u[i], set.Du);
                Ntt.Forward(u[i]);
            }

            RingElement su = Ntt.Inverse(Products.Sum(new NttVector(u.Coefficients), 0, 1, s, product));

            // w = v' - NTT⁻¹(ŝᵀ∘NTT(u')): less than 2q in size.
            ByteCodec.Decode(ciphertext[(32 * set.Du * set.K)..], set.Dv, w.Coefficients);
            Compress.Undo(w, set.Dv);
            Sums.Subtract(w, su);
            Compress.Apply(w, 1);
            ByteCodec.Encode(w.Coefficients, 1, message);
        }
        finally
        {
            Erase.Memory(memory);
            Erase.Stack();
        }
    }
}
