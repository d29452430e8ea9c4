using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;

namespace Qkms.Api.Http;

/// <summary>
/// The web server's buffers, zeroed when they are returned: requests carry API keys and plaintexts, responses carry data keys, and a buffer
/// in a pool may outlive its connection by far.
/// </summary>
internal sealed class ZeroedMemoryPool : MemoryPool<byte>
{
    // The size that the server asks for as a rule; each is pinned, so that no copy of it is made. What is longer, such as the base64 of a
    // large plaintext, is made for one use.
    private const int BlockSize = 4096;

    // What a burst leaves behind beyond this goes back to the garbage collector, zeroed.
    private const int MostKept = 4096;

    private readonly ConcurrentQueue<byte[]> _free = new();
    private volatile bool _disposed;

    // Any size: for what a pool refuses, pipes take arrays that nobody zeroes.
    public override int MaxBufferSize => Array.MaxLength;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        byte[]? bytes = null;
        bool isKept = minBufferSize <= BlockSize && _free.TryDequeue(out bytes);
        return new Block(this, isKept ? bytes! : GC.AllocateUninitializedArray<byte>(Math.Max(minBufferSize, BlockSize), pinned: true));
    }

    protected override void Dispose(bool disposing) => _disposed = true;

    private void Return(byte[] bytes)
    {
        CryptographicOperations.ZeroMemory(bytes);
        if (!_disposed && bytes.Length == BlockSize && _free.Count < MostKept)
            _free.Enqueue(bytes);
    }

    /// <summary>Makes the pools of the web server.</summary>
    internal sealed class Factory : IMemoryPoolFactory<byte>
    {
        public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new ZeroedMemoryPool();
    }

    private sealed class Block(ZeroedMemoryPool pool, byte[] bytes) : IMemoryOwner<byte>
    {
        private byte[]? _bytes = bytes;

        public Memory<byte> Memory => _bytes ?? throw new ObjectDisposedException(nameof(Block));

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, null) is { } returned)
                pool.Return(returned);
        }
    }
}
