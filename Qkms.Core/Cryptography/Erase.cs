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

    /// <summary>More than the methods below a caller take of the stack, scratch included.</summary>
    private const int Depth = 1 << 14;

    /// <summary>More than methods without scratch of their own take.</summary>
    private const int ShallowDepth = 1 << 10;

    /// <summary>Zeroes what finished methods without scratch left on the stack below the caller.</summary>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Stack()
    {
        Span<byte> below = stackalloc byte[ShallowDepth];
        Memory(below);
    }

    /// <summary>
    /// Zeroes the stack below the caller, where finished methods left what did not fit into registers, and overwrites the vector registers
    /// by two rounds of a permutation of zeros, which need all of them. They may hold coefficients of a key long after the last computation
    /// with it, and the system writes them to the stack when it interrupts a thread.
    /// </summary>
    [TouchesSecrets]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void StackAndRegisters()
    {
        Span<byte> below = stackalloc byte[Depth];
        Memory(below);
        if (Avx512F.VL.IsSupported)
        {
            Span<ulong> state = stackalloc ulong[Keccak.Lanes];
            state.Clear();
            Keccak.PermuteVector128(state, Keccak.LastTurn);
        }
        else if (Avx2.IsSupported)
        {
            Span<ulong> states = stackalloc ulong[Keccak.LaneWords];
            states.Clear();
            Keccak.PermuteLanesVector256(states, last: false, Keccak.LastTurn);
        }
    }
}
