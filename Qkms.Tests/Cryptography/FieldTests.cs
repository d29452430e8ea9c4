using System.Numerics;
using Qkms.Core.Cryptography.Fips204;
using KemCompress = Qkms.Core.Cryptography.Fips203.Compress;
using KemField = Qkms.Core.Cryptography.Fips203.Field;
using KemRingElement = Qkms.Core.Cryptography.Fips203.RingElement;

namespace Qkms.Tests.Cryptography;

/// <summary>The reductions that replace divisions, against the divisions: over every input where there are few, over the edges and a stride where there are many.</summary>
public sealed class FieldTests
{
    [Fact]
    public void MLKem_reductions_hold_for_every_16_bit_number()
    {
        for (int a = short.MinValue; a <= short.MaxValue; a++)
        {
            int expected = ((a % KemField.Q) + KemField.Q) % KemField.Q;
            int canonical = KemField.Canonical((short)a);
            int centered = KemField.BarrettReduce((short)a);
            if (canonical != expected || centered is < -1664 or > 1664 || (centered - a) % KemField.Q != 0)
                Assert.Fail($"{a} gives {canonical} and {centered}");
        }
    }

    [Fact]
    public void MLKem_Montgomery_reduction_holds_up_to_its_bound()
    {
        const long Bound = (long)KemField.Q << 15;
        for (long a = -Bound; a <= Bound; a += 1009)
        {
            int reduced = KemField.MontgomeryReduce((int)a);
            if (int.Abs(reduced) > KemField.Q || (((long)reduced << 16) - a) % KemField.Q != 0)
                Assert.Fail($"{a} gives {reduced}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(11)]
    public void MLKem_compression_rounds_as_the_standard_says(int d)
    {
        short[] memory = new short[256];
        for (int x = 0; x < KemField.Q; x++)
        {
            memory[0] = (short)x;
            KemCompress.Apply(new KemRingElement(memory), d);
            int compressed = memory[0];
            compressed.Should().Be((((x << (d + 1)) + KemField.Q) / (2 * KemField.Q)) & ((1 << d) - 1));

            KemCompress.Undo(new KemRingElement(memory), d);
            memory[0].Should().Be((short)(((2 * KemField.Q * compressed) + (1 << d)) >> (d + 1)));
        }
    }

    [Fact]
    public void MLDsa_canonical_reduction_holds_up_to_its_bound()
    {
        const long Bound = int.MaxValue - (1 << 22);
        for (long a = -Bound; a <= Bound; a += 997)
        {
            int canonical = Field.Canonical((int)a);
            if (canonical != ((a % Field.Q) + Field.Q) % Field.Q)
                Assert.Fail($"{a} gives {canonical}");
        }
    }

    [Fact]
    public void MLDsa_Montgomery_reduction_holds_up_to_its_bound()
    {
        const long Bound = ((long)Field.Q << 31) - 1;
        for (long a = -Bound; a <= Bound; a += Bound / 1_000_003)
        {
            int reduced = Field.MontgomeryReduce(a);
            if (int.Abs(reduced) >= Field.Q || (((BigInteger)reduced << 32) - a) % Field.Q != 0)
                Assert.Fail($"{a} gives {reduced}");
        }
    }

    [Theory]
    [InlineData(95232)]
    [InlineData(261888)]
    public void MLDsa_decomposition_holds_for_every_element(int value)
    {
        Gamma2 gamma2 = value == 95232 ? Gamma2.QMinus1Over88 : Gamma2.QMinus1Over32;
        gamma2.Value.Should().Be(value);
        int alpha = 2 * value;
        for (int r = 0; r < Field.Q; r++)
        {
            // FIPS 204, Algorithm 36, as it is written.
            int expectedLow = r % alpha;
            if (expectedLow > value)
                expectedLow -= alpha;
            int expectedHigh = (r - expectedLow) / alpha;
            if (r - expectedLow == Field.Q - 1)
                (expectedHigh, expectedLow) = (0, expectedLow - 1);

            int high = gamma2.Decompose(r, out int low);
            if (high != expectedHigh || low != expectedLow)
                Assert.Fail($"{r} gives {high} and {low}");
        }
    }
}
