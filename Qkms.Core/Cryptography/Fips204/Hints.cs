using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>
/// Hints: which high parts change by the part of t that the public key lacks (FIPS 204, section 7.4, and Algorithms 20 and 21).
/// </summary>
internal static partial class Hints
{
    /// <summary>
    /// FIPS 204, Algorithm 39, for two canonical elements: r + z and r, whose high parts are compared. Writes 0 or 1 over
    /// <paramref name="with"/>.
    /// </summary>
    /// <returns>The count of ones.</returns>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int Make(Gamma2 gamma2, RingElement without, RingElement with) =>
        Avx2.IsSupported ? MakeVector256(gamma2, without, with) : MakePlain(gamma2, without, with);

    /// <summary>
    /// FIPS 204, Algorithm 40, in place on canonical coefficients. Verification only: everything is public and may branch.
    /// </summary>
    internal static void Use(Gamma2 gamma2, RingElement hint, RingElement element)
    {
        if (Avx2.IsSupported)
            UseVector256(gamma2, hint, element);
        else
            UsePlain(gamma2, hint, element);
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static int MakePlain(Gamma2 gamma2, RingElement without, RingElement with)
    {
        ReadOnlySpan<int> v = without.Coefficients;
        Span<int> r = with.Coefficients;
        int ones = 0;
        for (int j = 0; j < r.Length && j < v.Length; j++)
        {
            int difference = gamma2.Decompose(v[j], out _) ^ gamma2.Decompose(r[j], out _);
            int one = (difference | -difference) >>> 31;
            r[j] = one;
            ones += one;
        }

        return ones;
    }

    /// <summary><see cref="Use"/> as the standard writes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UsePlain(Gamma2 gamma2, RingElement hint, RingElement element)
    {
        ReadOnlySpan<int> h = hint.Coefficients;
        Span<int> r = element.Coefficients;
        for (int j = 0; j < r.Length; j++)
        {
            int high = gamma2.Decompose(r[j], out int low);
            if (h[j] == 0)
                r[j] = high;
            else if (low > 0)
                r[j] = high == gamma2.Count - 1 ? 0 : high + 1;
            else
                r[j] = high == 0 ? gamma2.Count - 1 : high - 1;
        }
    }

    /// <summary>FIPS 204, Algorithm 20. The hint is part of the signature by now, and may be branched on.</summary>
    internal static void Encode(ParameterSet set, RingVector hint, Span<byte> destination)
    {
        destination = destination[..(set.Omega + set.K)];
        destination.Clear();
        int index = 0;
        for (int i = 0; i < set.K; i++)
        {
            ReadOnlySpan<int> h = hint[i].Coefficients;
            for (int j = 0; j < h.Length; j++)
            {
                if (h[j] != 0)
                    destination[index++] = (byte)j;
            }

            destination[set.Omega + i] = (byte)index;
        }
    }

    /// <summary>FIPS 204, Algorithm 21.</summary>
    /// <returns>False for what is not the one encoding of a hint: counts that fall or exceed ω, positions that do not rise, bytes after the
    /// last position.</returns>
    internal static bool TryDecode(ParameterSet set, ReadOnlySpan<byte> source, RingVector hint)
    {
        hint.Coefficients.Clear();
        int index = 0;
        for (int i = 0; i < set.K; i++)
        {
            int end = source[set.Omega + i];
            if (end < index || end > set.Omega)
                return false;

            Span<int> h = hint[i].Coefficients;
            int first = index;
            for (; index < end; index++)
            {
                if (index > first && source[index - 1] >= source[index])
                    return false;
                h[source[index]] = 1;
            }
        }

        return !source[index..set.Omega].ContainsAnyExcept((byte)0);
    }
}
