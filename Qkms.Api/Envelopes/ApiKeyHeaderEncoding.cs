using System.Text;
using Qkms.Core.ApiKeys;

namespace Qkms.Api.Envelopes;

/// <summary>
/// Decodes the bytes of the <c>x-api-key</c> header to a handle, so that Kestrel never makes a string of the API key: nothing could wipe
/// all copies that the garbage collector makes of one.
/// </summary>
/// <remarks>
/// Kestrel calls <see cref="Encoding.GetString(ReadOnlySpan{byte})"/> for a header with an encoding of its own, over HTTP/1.1 and HTTP/2
/// alike, and that calls the two members with pointers. What those throw would end the connection, so they throw nothing.
/// </remarks>
internal sealed class ApiKeyHeaderEncoding(ApiKeyHandles handles) : Encoding
{
    /// <summary>The encoding of a header: this one for the API key, null (the server's own) for all others.</summary>
    public Encoding? Select(string headerName) =>
        headerName.Equals(EnvelopeProtocol.HeaderName, StringComparison.OrdinalIgnoreCase) ? this : null;

    public override unsafe int GetCharCount(byte* bytes, int count) => handles.Length;

    public override unsafe int GetChars(byte* bytes, int byteCount, char* chars, int charCount)
    {
        handles.Write(new ReadOnlySpan<byte>(bytes, byteCount), new Span<char>(chars, charCount));
        return charCount;
    }

    public override int GetMaxCharCount(int byteCount) => handles.Length;

    // The members with arrays would have to copy the key, and text is never encoded.
    public override int GetCharCount(byte[] bytes, int index, int count) => throw new NotSupportedException();

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        throw new NotSupportedException();

    public override int GetByteCount(char[] chars, int index, int count) => throw new NotSupportedException();

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        throw new NotSupportedException();

    public override int GetMaxByteCount(int charCount) => throw new NotSupportedException();
}
