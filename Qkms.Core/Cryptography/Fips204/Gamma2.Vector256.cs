using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

internal sealed partial record Gamma2
{
    /// <summary>FIPS 204, Algorithm 36, for eight canonical coefficients, by AVX2; step by step as for one.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector256<int> Decompose(Vector256<int> r, out Vector256<int> low)
    {
        Vector256<uint> n = (r + Vector256.Create(Value - 1)).AsUInt32();
        Vector256<uint> reciprocal = Vector256.Create(Reciprocal).AsUInt32();
        Vector256<ulong> even = Avx2.Multiply(n, reciprocal) >>> 44;
        Vector256<ulong> odd = Avx2.Multiply((n.AsUInt64() >>> 32).AsUInt32(), reciprocal) >>> 44 << 32;
        Vector256<int> high = (even | odd).AsInt32();
        Vector256<int> wraps = (Vector256.Create(Count - 1) - high) >> 31;
        low = r - (high * Vector256.Create(2 * Value)) + wraps;
        return Vector256.AndNot(high, wraps);
    }
}
