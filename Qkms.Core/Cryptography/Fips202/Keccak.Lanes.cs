using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography.Fips202;

/// <summary>Keccak-f[1600] (FIPS 202, section 3.3) on eight states side by side.</summary>
internal static partial class Keccak
{
    /// <summary>States that are permuted together.</summary>
    internal const int LaneCount = 8;

    /// <summary>Words of eight states: word i of state n is at 8i + n.</summary>
    internal const int LaneWords = LaneCount * Lanes;

    /// <summary>Applies the 24 rounds to the first <paramref name="used"/> of eight states; what the others become means nothing.</summary>
    /// <remarks>
    /// Four or eight permutations side by side take as long as two alone, with AVX2 four; a single one is left alone. Which instructions
    /// there are is known when the method is compiled.
    /// </remarks>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PermuteLanes(Span<ulong> states, int used)
    {
        if (used == 1)
        {
            PermuteLanesPlain(states, used);
        }
        else if (Avx512F.IsSupported && used > LaneCount / 2)
        {
            PermuteLanesVector512(states);
        }
        else if (Avx2.IsSupported)
        {
            PermuteLanesVector256(states, last: false);
            if (used > LaneCount / 2)
                PermuteLanesVector256(states, last: true);
        }
        else
        {
            PermuteLanesPlain(states, used);
        }
    }

    /// <summary><see cref="PermuteLanes"/> one after the other.</summary>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PermuteLanesPlain(Span<ulong> states, int used)
    {
        states = states[..LaneWords];
        Span<ulong> state = stackalloc ulong[Lanes];
        try
        {
            for (int n = 0; n < used; n++)
            {
                for (int i = 0; i < Lanes; i++)
                    state[i] = states[(LaneCount * i) + n];
                Permute(state);
                for (int i = 0; i < Lanes; i++)
                    states[(LaneCount * i) + n] = state[i];
            }
        }
        finally
        {
            Erase.Memory(state);
        }
    }
}
