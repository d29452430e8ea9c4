using System.Runtime.CompilerServices;

namespace Qkms.Core.Cryptography;

/// <summary>
/// Memory for the secrets of one key: pinned, so that the garbage collector leaves no copy behind when it moves objects, and zeroed at its
/// end.
/// </summary>
/// <remarks>
/// Pinned memory is dear where keys come and go: every allocation brings the next full garbage collection nearer, and then touches pages
/// that the collection gave back to the system. So the next key gets the block, zeroed, of one before (<see cref="SecretPool"/>), and a
/// block may be given back only when nobody reads it any more. An operation that runs while its key is disposed ends with the key as it
/// was; the last one zeroes the block and gives it back. Where a key is never disposed, the garbage collector takes its block.
/// </remarks>
internal sealed class SecretMemory(SecretPool pool) : IDisposable
{
    private const int Disposed = 1;
    private const int Operation = 2;
    private const int Released = int.MinValue;

    private readonly byte[] _block = pool.Rent();

    /// <summary>The operations that run, twice, and one more when the key was disposed; below zero when the block was given back.</summary>
    private int _state;

    /// <summary>All of the block. Only while the key is made, or in an operation (<see cref="Use"/>).</summary>
    internal Span<byte> Bytes
    {
        [TouchesSecrets]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _block;
    }

    /// <summary>Keeps the block until the operation ends, which disposes what this returns.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Lease Use()
    {
        int state = Interlocked.Add(ref _state, Operation);
        if (state < 0 || (state & Disposed) != 0)
            Refuse();
        return new Lease(this);
    }

    /// <summary>Zeroes the block, or has the last operation that runs zero it.</summary>
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Dispose()
    {
        if ((Interlocked.Or(ref _state, Disposed) & ~Disposed) == 0)
            Release();
    }

    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Leave()
    {
        if (Interlocked.Add(ref _state, -Operation) == Disposed)
            Release();
    }

    // Two may come here at the same time: one that was refused, and whoever disposed.
    [TouchesSecrets]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Release()
    {
        if (Interlocked.CompareExchange(ref _state, Released, Disposed) != Disposed)
            return;
        Erase.Memory(_block.AsSpan());
        pool.Return(_block);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Refuse()
    {
        Leave();
        throw new ObjectDisposedException(nameof(SecretMemory), "The key was disposed.");
    }

    /// <summary>An operation with the secrets.</summary>
    internal readonly ref struct Lease(SecretMemory memory)
    {
        /// <summary>Ends it.</summary>
        [TouchesSecrets]
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose() => memory.Leave();
    }
}
