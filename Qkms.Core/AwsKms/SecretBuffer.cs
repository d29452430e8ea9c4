using System.Buffers;
using System.Security.Cryptography;

namespace Qkms.Core.AwsKms;

/// <summary>
/// Bytes that may hold a secret, on their way to or from the network: pinned, and zeroed at the end. Not of <see cref="PinnedPool"/>: a
/// connection that was given up may still hold on to them, and would write into somebody else's.
/// </summary>
/// <param name="size">The most that there can be.</param>
internal sealed class SecretBuffer(int size) : IBufferWriter<byte>, IDisposable
{
    private readonly byte[] _bytes = GC.AllocateArray<byte>(size, pinned: true);
    private int _length;

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    /// <inheritdoc/>
    public void Advance(int count) => _length += count;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">There is less room than that.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeHint, _bytes.Length - _length);
        return _bytes.AsMemory(_length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Zeroes them.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}
