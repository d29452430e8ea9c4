using System.Numerics;
using Qkms.Core.Cryptography.Fips204;
using KemByteCodec = Qkms.Core.Cryptography.Fips203.ByteCodec;
using KemCompress = Qkms.Core.Cryptography.Fips203.Compress;
using KemField = Qkms.Core.Cryptography.Fips203.Field;
using KemNttVector = Qkms.Core.Cryptography.Fips203.NttVector;
using KemRingElement = Qkms.Core.Cryptography.Fips203.RingElement;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// Functions of one small number, over every number that they are called with, against the formula of the standard in arithmetic that
/// divides and branches. Where the domain is all of ℤq, the elements are handed over 256 at a time, as the engine does.
/// </summary>
public sealed class ExhaustiveTests
{
    private const int N = 256;

    /// <summary>Bound of <see cref="KemField.MontgomeryReduce(int)"/>: |a| ≤ q·2¹⁵, which are 218 million numbers.</summary>
    [Fact]
    public void MLKem_Montgomery_reduction()
    {
        const int Bound = KemField.Q << 15;
        Parallel.For(-(Bound >> 15), (Bound >> 15) + 1, block =>
        {
            int end = int.Min(Bound, ((block + 1) << 15) - 1);
            for (int a = block << 15; a <= end; a++)
            {
                int reduced = KemField.MontgomeryReduce(a);
                if (reduced is < -KemField.Q or > KemField.Q || (((long)reduced << 16) - a) % KemField.Q != 0)
                    Assert.Fail($"{a} gives {reduced}");
            }
        });
    }

    [Fact]
    public void MLKem_return_from_Montgomery_form_and_products_with_every_table_value()
    {
        for (int a = short.MinValue; a <= short.MaxValue; a++)
        {
            int left = KemField.ToMontgomery((short)a);
            if (Mod(left, KemField.Q) != Mod((long)a << 16, KemField.Q) || left is <= -KemField.Q or >= KemField.Q)
                Assert.Fail($"{a} gives {left}");
            foreach (short b in (ReadOnlySpan<short>)[-KemField.Q, -1664, -1, 0, 1, 17, 1441, 1664, KemField.Q])
            {
                if (Mod((long)KemField.MontgomeryMultiply((short)a, b) << 16, KemField.Q) != Mod((long)a * b, KemField.Q))
                    Assert.Fail($"{a}·{b}");
            }
        }
    }

    /// <summary>
    /// FIPS 203, equations 4.7 and 4.8: round(2^d/q·x) mod 2^d and round(q/2^d·y), and that the way back is near (section 4.2.1). Every
    /// 16-bit representative of x.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(11)]
    public void MLKem_compression(int d)
    {
        short[] memory = new short[N];
        for (int first = short.MinValue; first <= short.MaxValue; first += N)
        {
            for (int i = 0; i < N; i++)
                memory[i] = (short)(first + i);
            KemCompress.Apply(new KemRingElement(memory), d);
            for (int i = 0; i < N; i++)
            {
                int x = (int)Mod(first + i, KemField.Q);
                BigInteger expected = Round((BigInteger)x << d, KemField.Q) % (1 << d);
                if (memory[i] != expected)
                    Assert.Fail($"{first + i} is compressed to {memory[i]}");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(11)]
    public void MLKem_decompression_and_the_way_back(int d)
    {
        short[] memory = new short[N];
        for (int first = 0; first < 1 << d; first += N)
        {
            for (int i = 0; i < N; i++)
                memory[i] = (short)((first + i) & ((1 << d) - 1));
            KemCompress.Undo(new KemRingElement(memory), d);
            for (int i = 0; i < N; i++)
            {
                int y = (first + i) & ((1 << d) - 1);
                if (memory[i] != Round((BigInteger)y * KemField.Q, 1 << d))
                    Assert.Fail($"{y} is decompressed to {memory[i]}");
            }

            KemCompress.Apply(new KemRingElement(memory), d);
            for (int i = 0; i < N; i++)
                ((int)memory[i]).Should().Be((first + i) & ((1 << d) - 1));
        }
    }

    /// <summary>
    /// FIPS 203, section 7.2: of the 4096 values of twelve bits, those below q are accepted; all are decoded modulo q (Algorithm 6).
    /// </summary>
    [Fact]
    public void MLKem_modulus_check()
    {
        short[] coefficients = new short[N];
        short[] decoded = new short[N];
        byte[] encoded = new byte[384];
        foreach (int place in new[] { 0, 1, 127, 254, 255 })
        {
            for (int value = 0; value < 4096; value++)
            {
                Array.Clear(coefficients);
                coefficients[place] = (short)value;
                KemByteCodec.Encode(coefficients, 12, encoded);
                bool accepted = KemByteCodec.DecodeVector(encoded, new KemNttVector(decoded));
                if (accepted != value < KemField.Q || decoded[place] != value % KemField.Q)
                    Assert.Fail($"{value} at {place}");
            }
        }
    }

    [Fact]
    public void MLDsa_canonical_centred_and_Montgomery_over_the_field()
    {
        for (int a = -(Field.Q - 1); a < Field.Q; a++)
        {
            int canonical = Field.Canonical(a);
            if (canonical != Mod(a, Field.Q))
                Assert.Fail($"{a} gives {canonical}");
            int centered = Field.Centered(canonical);
            if (centered is < -(Field.Q - 1) / 2 or > (Field.Q - 1) / 2 || Mod(centered, Field.Q) != canonical)
                Assert.Fail($"{canonical} is centred to {centered}");
            int reduced = Field.MontgomeryReduce(a);
            if (Mod((long)Mod(reduced, Field.Q) << 32, Field.Q) != canonical || reduced is <= -Field.Q or >= Field.Q)
                Assert.Fail($"{a} gives {reduced}");
        }
    }

    /// <summary>FIPS 204, Algorithm 35: r⁺ = r₁·2^d + r₀ with r₀ = r mod± 2^d.</summary>
    [Fact]
    public void MLDsa_power2round()
    {
        const int D = ParameterSet.D;
        ForEveryElement((first, memory, scratch, _) =>
        {
            Rounding.Power2Round(new RingElement(memory), new RingElement(scratch), new RingElement(memory));
            for (int i = 0; i < N && first + i < Field.Q; i++)
            {
                int low = CenteredModulo(first + i, 1 << D);
                if (memory[i] != low || scratch[i] != (first + i - low) / (1 << D))
                    Assert.Fail($"{first + i} gives {scratch[i]} and {memory[i]}");
            }
        });
    }

    /// <summary>FIPS 204, Algorithms 36 to 38.</summary>
    [Theory]
    [InlineData(95232)]
    [InlineData(261888)]
    public void MLDsa_decompose_high_bits_and_low_bits(int value)
    {
        Gamma2 gamma2 = Of(value);
        ForEveryElement((first, memory, scratch, _) =>
        {
            Rounding.HighBits(gamma2, new RingElement(memory), new RingElement(scratch));
            int largest = 0;
            for (int i = 0; i < N && first + i < Field.Q; i++)
            {
                (int high, int low) = Decompose(first + i, value);
                largest = int.Max(largest, int.Abs(low));
                int engineHigh = gamma2.Decompose(first + i, out int engineLow);
                if (scratch[i] != high || engineHigh != high || engineLow != low)
                    Assert.Fail($"{first + i} gives {scratch[i]}, {engineHigh} and {engineLow}");
            }

            if (Rounding.LowBitsReach(gamma2, new RingElement(memory), largest + 1)
                || !Rounding.LowBitsReach(gamma2, new RingElement(memory), largest))
                Assert.Fail($"The largest low part from {first} on is {largest}.");
        });
    }

    /// <summary>
    /// FIPS 204, Algorithms 39 and 40: the hint of z and r, used on r, gives the high bits of r + z, for |z| ≤ γ₂ (section 7.4), over every
    /// r and a z that runs with it through all residues and the edges.
    /// </summary>
    [Theory]
    [InlineData(95232)]
    [InlineData(261888)]
    public void MLDsa_make_hint_and_use_hint(int value)
    {
        Gamma2 gamma2 = Of(value);
        foreach (Func<int, int> z in
            new Func<int, int>[] { _ => value, _ => -value, _ => 1, _ => -1, r => (int)(r * 48271L % (2 * value + 1)) - value })
        {
            ForEveryElement((first, memory, scratch, hint) =>
            {
                int expectedOnes = 0;
                for (int i = 0; i < N; i++)
                {
                    hint[i] = (int)Mod(memory[i] + z(memory[i]), Field.Q);
                    scratch[i] = hint[i];
                    expectedOnes += Decompose(memory[i], value).High != Decompose(scratch[i], value).High ? 1 : 0;
                }

                int ones = Hints.Make(gamma2, new RingElement(memory), new RingElement(hint));
                if (ones != expectedOnes)
                    Assert.Fail($"{ones} ones from {first} on, not {expectedOnes}");
                Hints.Use(gamma2, new RingElement(hint), new RingElement(memory));
                for (int i = 0; i < N; i++)
                {
                    if (memory[i] != Decompose(scratch[i], value).High)
                        Assert.Fail($"{first + i} gives {memory[i]}");
                }
            });
        }
    }

    /// <summary>FIPS 204, Algorithm 40, as it is written, for both values of the hint and every r.</summary>
    [Theory]
    [InlineData(95232)]
    [InlineData(261888)]
    public void MLDsa_use_hint(int value)
    {
        Gamma2 gamma2 = Of(value);
        int m = (Field.Q - 1) / (2 * value);
        foreach (int bit in new[] { 0, 1 })
        {
            ForEveryElement((first, memory, _, hint) =>
            {
                hint.Fill(bit);
                Hints.Use(gamma2, new RingElement(hint), new RingElement(memory));
                for (int i = 0; i < N && first + i < Field.Q; i++)
                {
                    (int high, int low) = Decompose(first + i, value);
                    int expected = bit == 0 ? high : (int)Mod(low > 0 ? high + 1 : high - 1, m);
                    if (memory[i] != expected)
                        Assert.Fail($"{first + i} gives {memory[i]}");
                }
            });
        }
    }

    /// <summary>The norm check (FIPS 204, section 2.3) at every coefficient that signing asks about, against comparisons.</summary>
    [Fact]
    public void MLDsa_norm_check()
    {
        int[] bounds = [(1 << 17) - 78, (1 << 19) - 196, (1 << 19) - 120, 95232 - 78, 95232, 261888 - 196, 261888 - 120, 261888];
        int[] memory = new int[N];
        for (int a = -(Field.Q - 1) / 2; a <= (Field.Q - 1) / 2; a++)
        {
            memory[a & (N - 1)] = a;
            foreach (int bound in bounds)
            {
                if (Rounding.NormReaches(memory.AsSpan(a & (N - 1), 1), bound) != int.Abs(a) >= bound)
                    Assert.Fail($"{a} against {bound}");
            }

            memory[a & (N - 1)] = 0;
        }
    }

    private delegate void Check(int first, Span<int> elements, Span<int> scratch, Span<int> hint);

    /// <summary>All of ℤq, 256 elements at a time; after q - 1 come zeros.</summary>
    private static void ForEveryElement(Check check) =>
        Parallel.For(0, (Field.Q + N - 1) / N, () => new int[3 * N], (block, _, memory) =>
        {
            int first = block * N;
            for (int i = 0; i < N; i++)
                memory[i] = first + i < Field.Q ? first + i : 0;
            check(first, memory.AsSpan(0, N), memory.AsSpan(N, N), memory.AsSpan(2 * N));
            return memory;
        }, _ => { });

    private static Gamma2 Of(int value) => value == 95232 ? Gamma2.QMinus1Over88 : Gamma2.QMinus1Over32;

    private static (int High, int Low) Decompose(int r, int gamma2)
    {
        int low = CenteredModulo(r, 2 * gamma2);
        return r - low == Field.Q - 1 ? (0, low - 1) : ((r - low) / (2 * gamma2), low);
    }

    /// <summary>m mod± α: in (-α/2, α/2] for an even α (FIPS 204, section 2.3).</summary>
    private static int CenteredModulo(int m, int alpha)
    {
        int remainder = m % alpha;
        return remainder > alpha / 2 ? remainder - alpha : remainder;
    }

    private static long Mod(long a, long modulus) => ((a % modulus) + modulus) % modulus;

    /// <summary>To the nearest integer, a half upwards (FIPS 203, section 2.3).</summary>
    private static BigInteger Round(BigInteger numerator, int denominator) => ((2 * numerator) + denominator) / (2 * denominator);
}
