using System.Numerics;
using Qkms.Core.Cryptography.Fips204;
using KemField = Qkms.Core.Cryptography.Fips203.Field;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// The reductions that replace divisions, against the divisions, up to their bounds: over every input where there are few, over a stride
/// where there are many (<see cref="ExhaustiveTests"/> has the domains that signing and decapsulation use).
/// </summary>
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
}
