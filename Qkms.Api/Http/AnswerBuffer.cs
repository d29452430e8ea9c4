using System.Buffers;
using Qkms.Core.Secrets;

namespace Qkms.Api.Http;

/// <summary>
/// Holds a response until its length is known. It may contain secrets of the caller, so its memory is zeroed when it is released.
/// </summary>
internal sealed class AnswerBuffer : IBufferWriter<byte>, IDisposable
{
    private const int FirstSize = 4096;

    private byte[] _bytes = PinnedPool.Shared.Rent(FirstSize);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Length);
    }

    public void Dispose()
    {
        if (_bytes.Length > 0)
            PinnedPool.Shared.Return(_bytes);

        _bytes = [];
        Length = 0;
    }

    private void Reserve(int size)
    {
        if (_bytes.Length - Length >= Math.Max(size, 1))
            return;

        byte[] full = _bytes;
        _bytes = PinnedPool.Shared.Rent(Math.Max(checked(Length + size), 2 * full.Length));
        full.AsSpan(0, Length).CopyTo(_bytes);
        PinnedPool.Shared.Return(full);
    }
}
