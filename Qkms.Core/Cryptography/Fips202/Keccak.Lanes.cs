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
    /// With AVX-512 eight permutations take as long as one does in plain C#, with AVX2 four take as long as two. Which path is taken is
    /// known when the method is compiled.
    /// </remarks>
    [TouchesSecrets]
    internal static void PermuteLanes(Span<ulong> states, int used)
    {
        if (Avx512F.IsSupported)
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
