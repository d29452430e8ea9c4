using System.Collections.Concurrent;
using System.Numerics;
using System.Security.Cryptography;

namespace Qkms.Api.Http;

/// <summary>
/// Lends memory for answers, which may be secrets: it does not move, so that no copy is left behind, and is zeroed when it comes back.
/// </summary>
internal static class PinnedBuffers
{
    private const int Smallest = 4 * 1024;

    // What is larger lies on the heap of large objects, which are not moved.
    private const int Largest = 128 * 1024;

    private const int MostKept = 32;

    private static readonly ConcurrentQueue<byte[]>[] _free =
        [.. Enumerable.Range(0, ClassOf(Largest) + 1).Select(_ => new ConcurrentQueue<byte[]>())];

    /// <summary>At least <paramref name="size"/> bytes, whatever is in them.</summary>
    public static byte[] Rent(int size)
    {
        if (size > Largest)
            return GC.AllocateUninitializedArray<byte>(size);

        int sizeClass = ClassOf(size);
        return _free[sizeClass].TryDequeue(out byte[]? kept) ? kept : GC.AllocateUninitializedArray<byte>(Smallest << sizeClass, pinned: true);
    }

    /// <summary>Zeroes what <see cref="Rent"/> gave, and takes it back.</summary>
    public static void Return(byte[] bytes)
    {
        CryptographicOperations.ZeroMemory(bytes);
        if (bytes.Length is >= Smallest and <= Largest && _free[ClassOf(bytes.Length)] is { Count: < MostKept } free)
            free.Enqueue(bytes);
    }

    // 0 for 4 KB, 1 for 8 KB and so on.
    private static int ClassOf(int size) => size <= Smallest ? 0 : BitOperations.Log2((uint)(size - 1)) - BitOperations.Log2(Smallest) + 1;
}
