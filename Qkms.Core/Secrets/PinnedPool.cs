using System.Collections.Concurrent;
using System.Numerics;
using System.Security.Cryptography;

namespace Qkms.Core.Secrets;

/// <summary>
/// Pinned arrays that are lent out again and again. A pinned array lives on a heap of its own, which is never compacted: one for each
/// secret of each request would leave it full of holes. Every array in the pool is zero. For secrets by way of <see cref="SecretBytes"/>,
/// and for answers that may hold some.
/// </summary>
internal sealed class PinnedPool
{
    /// <summary>The longest array that is kept, in bytes.</summary>
    public const int MaxKeptSize = 1 << 16;

    private const int MinSize = 1 << MinSizeLog2;
    private const int MinSizeLog2 = 5;

    // What one class of sizes holds on to: half a megabyte, and no more arrays than requests can have at the same time.
    private const int MaxKeptBytes = 512 * 1024;
    private const int MaxKeptArrays = 512;

    private readonly SizeClass[] _classes;

    /// <summary>Begins empty.</summary>
    public PinnedPool()
    {
        _classes = new SizeClass[BitOperations.Log2(MaxKeptSize) - MinSizeLog2 + 1];
        for (int i = 0; i < _classes.Length; i++)
            _classes[i] = new SizeClass(MinSize << i);
    }

    /// <summary>The pool of the process.</summary>
    public static PinnedPool Shared { get; } = new();

    /// <summary>A pinned array of zeros that nobody else has.</summary>
    /// <param name="length">How many bytes are needed. The array has the next power of two; above <see cref="MaxKeptSize"/>,
    /// exactly as many.</param>
    public byte[] Rent(int length) =>
        length > MaxKeptSize ? Allocate(length) : _classes[IndexOf(length)].Rent();

    /// <summary>
    /// Zeroes an array and takes it back, or lets it go when there are enough. Its owner must not touch it again, nor return it twice.
    /// </summary>
    public void Return(byte[] array)
    {
        CryptographicOperations.ZeroMemory(array);
        if (array.Length <= MaxKeptSize)
            _classes[IndexOf(array.Length)].Return(array);
    }

    private static int IndexOf(int length) =>
        BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(length, MinSize))) - MinSizeLog2;

    private static byte[] Allocate(int length) => GC.AllocateArray<byte>(length, pinned: true);

    /// <summary>Arrays of one length.</summary>
    private sealed class SizeClass(int size)
    {
        private readonly int _limit = Math.Min(MaxKeptBytes / size, MaxKeptArrays);
        private readonly ConcurrentQueue<byte[]> _kept = new();
        private int _count;

        public byte[] Rent()
        {
            if (!_kept.TryDequeue(out byte[]? array))
                return Allocate(size);

            Interlocked.Decrement(ref _count);
            return array;
        }

        public void Return(byte[] array)
        {
            if (Interlocked.Increment(ref _count) <= _limit)
                _kept.Enqueue(array);
            else
                Interlocked.Decrement(ref _count);
        }
    }
}
