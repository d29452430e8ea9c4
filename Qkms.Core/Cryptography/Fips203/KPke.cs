using System.Runtime.CompilerServices;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips203;

/// <summary>The public-key encryption scheme K-PKE inside ML-KEM (FIPS 203, section 5); not safe to use by itself.</summary>
internal static class KPke
{
    /// <summary>FIPS 203, Algorithm 13, line 1: (ρ, σ) = G(d ‖ k), the public and the secret seed.</summary>
    [TouchesSecrets]
    internal static void DeriveSeeds(ParameterSet set, ReadOnlySpan<byte> d, Span<byte> rhoAndSigma) =>
        Sponge.Sha3_512(d, [(byte)set.K], rhoAndSigma);

    /// <summary>FIPS 203, Algorithm 13, from line 2 and without the encodings: Â, t̂ and ŝ.</summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="rho">The public seed ρ.</param>
    /// <param name="sigma">The secret seed σ.</param>
    /// <param name="matrix">Receives Â, row by row, in [0, q).</param>
    /// <param name="t">Receives t̂ in [0, q).</param>
    /// <param name="s">Receives ŝ in [-(q-1)/2, (q-1)/2].</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void GenerateKey(
        ParameterSet set, ReadOnlySpan<byte> rho, ReadOnlySpan<byte> sigma, NttVector matrix, NttVector t, NttVector s)
    {
        Span<short> noise = stackalloc short[ParameterSet.N];
        Span<int> sum = stackalloc int[ParameterSet.N];
        try
        {
            Sampling.ExpandMatrix(set, rho, matrix);
            for (int i = 0; i < set.K; i++)
            {
                var secret = new RingElement(s[i].Coefficients);
                Sampling.SampleNoise(sigma, (byte)i, set.Eta1, secret);
                Ntt.Forward(secret);
            }

            for (int i = 0; i < set.K; i++)
            {
                var error = new RingElement(noise);
                Sampling.SampleNoise(sigma, (byte)(set.K + i), set.Eta1, error);
                ReadOnlySpan<short> e = Ntt.Forward(error).Coefficients;

                sum.Clear();
                for (int j = 0; j < set.K; j++)
                    Ntt.MultiplyAdd(sum, matrix[(i * set.K) + j], s[j]);

                // A product in (-q, q) and an error in [-(q-1)/2, (q-1)/2] add up to less than 2q in size.
                Span<short> row = Ntt.Reduce(sum, t[i].Coefficients).Coefficients;
                for (int j = 0; j < row.Length; j++)
                    row[j] = Field.Canonical((short)(Field.ToMontgomery(row[j]) + e[j]));
            }
        }
        finally
        {
            Erase.Memory(noise);
            Erase.Memory(sum);
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Encrypt(
        ParameterSet set, NttVector matrix, NttVector t, ReadOnlySpan<byte> message, ReadOnlySpan<byte> randomness, Span<byte> ciphertext)
    {
        Span<short> memory = stackalloc short[(ParameterSet.MaxK + 2) * ParameterSet.N];
        Span<int> sum = stackalloc int[ParameterSet.N];
        try
        {
            var y = new NttVector(memory[..(set.K * ParameterSet.N)]);
            var noise = new RingElement(memory[(ParameterSet.MaxK * ParameterSet.N)..]);
            Span<short> product = memory[((ParameterSet.MaxK + 1) * ParameterSet.N)..];

            for (int i = 0; i < set.K; i++)
            {
                var element = new RingElement(y[i].Coefficients);
                Sampling.SampleNoise(randomness, (byte)i, set.Eta1, element);
                Ntt.Forward(element);
            }

            // u = NTT⁻¹(Âᵀ∘ŷ) + e₁: column i of the matrix.
            sum.Clear();
            for (int i = 0; i < set.K; i++)
            {
                for (int j = 0; j < set.K; j++)
                    Ntt.MultiplyAdd(sum, matrix[(j * set.K) + i], y[j]);
                RingElement u = Ntt.Inverse(Ntt.Reduce(sum, product));
                Sampling.SampleNoise(randomness, (byte)(set.K + i), ParameterSet.Eta2, noise);
                Add(u, noise);
                Compress.Apply(u, set.Du);
                ByteCodec.Encode(u.Coefficients, set.Du, ciphertext[(32 * set.Du * i)..]);
            }

            // v = NTT⁻¹(t̂ᵀ∘ŷ) + e₂ + Decompress₁(m). Sizes: less than q, at most 2 and at most (q+1)/2 add up to less than 2q.
            for (int j = 0; j < set.K; j++)
                Ntt.MultiplyAdd(sum, t[j], y[j]);
            RingElement v = Ntt.Inverse(Ntt.Reduce(sum, product));
            Sampling.SampleNoise(randomness, (byte)(2 * set.K), ParameterSet.Eta2, noise);
            Add(v, noise);
            ByteCodec.Decode(message, 1, noise.Coefficients);
            Compress.Undo(noise, 1);
            Add(v, noise);
            Compress.Apply(v, set.Dv);
            ByteCodec.Encode(v.Coefficients, set.Dv, ciphertext[(32 * set.Du * set.K)..]);
        }
        finally
        {
            Erase.Memory(memory);
            Erase.Memory(sum);
        }
    }

    /// <summary>FIPS 203, Algorithm 15.</summary>
    /// <param name="set">The parameter set.</param>
    /// <param name="s">ŝ.</param>
    /// <param name="ciphertext">c₁ ‖ c₂.</param>
    /// <param name="message">Receives 32 bytes, secret.</param>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Decrypt(ParameterSet set, NttVector s, ReadOnlySpan<byte> ciphertext, Span<byte> message)
    {
        Span<short> memory = stackalloc short[2 * ParameterSet.N];
        Span<int> sum = stackalloc int[ParameterSet.N];
        try
        {
            Span<short> product = memory[..ParameterSet.N];
            var element = new RingElement(memory[ParameterSet.N..]);

            sum.Clear();
            for (int i = 0; i < set.K; i++)
            {
                ByteCodec.Decode(ciphertext[(32 * set.Du * i)..], set.Du, element.Coefficients);
                Compress.Undo(element, set.Du);
                Ntt.MultiplyAdd(sum, s[i], Ntt.Forward(element));
            }

            ReadOnlySpan<short> su = Ntt.Inverse(Ntt.Reduce(sum, product)).Coefficients;

            // w = v' - NTT⁻¹(ŝᵀ∘NTT(u')): less than 2q in size.
            ByteCodec.Decode(ciphertext[(32 * set.Du * set.K)..], set.Dv, element.Coefficients);
            Compress.Undo(element, set.Dv);
            Span<short> w = element.Coefficients;
            for (int j = 0; j < w.Length; j++)
                w[j] = (short)(w[j] - su[j]);

            Compress.Apply(element, 1);
            ByteCodec.Encode(w, 1, message);
        }
        finally
        {
            Erase.Memory(memory);
            Erase.Memory(sum);
        }
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(RingElement sum, RingElement term)
    {
        Span<short> f = sum.Coefficients;
        ReadOnlySpan<short> g = term.Coefficients;
        for (int j = 0; j < f.Length && j < g.Length; j++)
            f[j] = (short)(f[j] + g[j]);
    }
}
