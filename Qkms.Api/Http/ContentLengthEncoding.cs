using System.Text;

namespace Qkms.Api.Http;

/// <summary>
/// Decodes the Content-Length header to itself where it is one or more digits (RFC 9110, section 8.6), and to what is no number otherwise:
/// the server itself reads signs and lists of numbers too, which a proxy before it may read in another way.
/// </summary>
/// <remarks>
/// The server calls the members with spans, which call those with pointers. They throw nothing: that would end the connection.
/// </remarks>
internal sealed class ContentLengthEncoding : Encoding
{
    // As many as every length has that the server can count.
    private const int MostDigits = 18;

    private static readonly ContentLengthEncoding _instance = new();

    /// <summary>The encoding of a header: this one for the length, null (the server's own) for all others.</summary>
    public static Encoding? Select(string headerName) =>
        headerName.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? _instance : null;

    public override unsafe int GetCharCount(byte* bytes, int count) => IsLength(new ReadOnlySpan<byte>(bytes, count)) ? count : 1;

    public override unsafe int GetChars(byte* bytes, int byteCount, char* chars, int charCount)
    {
        ReadOnlySpan<byte> text = new(bytes, byteCount);
        Span<char> destination = new(chars, charCount);
        if (IsLength(text) && text.Length <= charCount)
            return ASCII.GetChars(text, destination);

        if (charCount == 0)
            return 0;

        destination[0] = '?';
        return 1;
    }

    public override int GetMaxCharCount(int byteCount) => Math.Max(1, byteCount);

    // Never called for headers of requests.
    public override int GetCharCount(byte[] bytes, int index, int count) => throw new NotSupportedException();

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        throw new NotSupportedException();

    public override int GetByteCount(char[] chars, int index, int count) => throw new NotSupportedException();

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        throw new NotSupportedException();

    public override int GetMaxByteCount(int charCount) => throw new NotSupportedException();

    private static bool IsLength(ReadOnlySpan<byte> text) =>
        text.Length is > 0 and <= MostDigits && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
