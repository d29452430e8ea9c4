using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qkms.Core.Cryptography;

/// <summary>Loads and stores vectors of sixteen bytes where a span may end before the sixteenth.</summary>
internal static class VectorBytes
{
    /// <summary>
    /// Stores bytes at a place, sixteen or as many as there is room for; never into a copy, which would have to be erased.
    /// </summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Vector128<byte> bytes, Span<byte> destination, int at)
    {
        int over = at - (destination.Length - Vector128<byte>.Count);
        if (over <= 0)
        {
            bytes.StoreUnsafe(ref MemoryMarshal.GetReference(destination), (nuint)at);
            return;
        }

        // The last sixteen bytes: those before the place stay, an index below zero giving zero.
        Span<byte> last = destination[^Vector128<byte>.Count..];
        Vector128<sbyte> indices = Vector128<sbyte>.Indices - Vector128.Create((sbyte)over);
        Vector128<byte> before = Vector128.Create<byte>(last) & (indices >> 7).AsByte();
        (before | Ssse3.Shuffle(bytes, indices.AsByte())).CopyTo(last);
    }

    /// <summary>Loads bytes from a place, sixteen or as many as there are.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Load(ReadOnlySpan<byte> source, int at)
    {
        int over = at - (source.Length - Vector128<byte>.Count);
        if (over <= 0)
            return Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(source), (nuint)at);
        return Ssse3.Shuffle(
            Vector128.Create(source[^Vector128<byte>.Count..]), Vector128<byte>.Indices + Vector128.Create((byte)over));
    }
}
