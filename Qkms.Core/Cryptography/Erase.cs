using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography;

/// <summary>Zeroes scratch of any element type in a way that the compiler may not leave out.</summary>
internal static class Erase
{
    [TouchesSecrets]
    internal static void Memory<T>(Span<T> secret)
        where T : unmanaged
        => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(secret));

    /// <summary>
    /// Overwrites the vector registers by a permutation of zeros, which needs all of them. They may hold coefficients of a key long after
    /// the last computation with it, and the system writes them to the stack when it interrupts a thread.
    /// </summary>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Registers()
    {
        if (Avx512F.VL.IsSupported)
        {
            Span<ulong> state = stackalloc ulong[Keccak.Lanes];
            state.Clear();
            Keccak.PermuteVector128(state);
        }
        else if (Avx2.IsSupported)
        {
            Span<ulong> states = stackalloc ulong[Keccak.LaneWords];
            states.Clear();
            Keccak.PermuteLanesVector256(states, last: false);
        }
    }
}
