using System.Buffers;
using System.Security.Cryptography;

namespace Qkms.Api.Http;

/// <summary>Holds an answer until its length is known. It may be a secret of the caller's, so what lets go of memory zeroes it first.</summary>
internal sealed class AnswerBuffer : IBufferWriter<byte>, IDisposable
{
    private const int FirstSize = 4096;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(FirstSize);

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
        GiveBack(_bytes);
        _bytes = [];
        Length = 0;
    }

    private void Reserve(int size)
    {
        if (_bytes.Length - Length >= Math.Max(size, 1))
            return;

        byte[] full = _bytes;
        _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(checked(Length + size), 2 * full.Length));
        full.AsSpan(0, Length).CopyTo(_bytes);
        GiveBack(full);
    }

    // All of it: the writer may have put something behind what it kept.
    private static void GiveBack(byte[] bytes)
    {
        CryptographicOperations.ZeroMemory(bytes);
        if (bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(bytes);
    }
}
