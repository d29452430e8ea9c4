using System.Buffers;

namespace Qkms.Api.Http;

/// <summary>A text that is not base64 (RFC 4648, section 4): says in what, and never what it is.</summary>
/// <param name="text">The text.</param>
internal sealed class Base64Exception(ReadOnlySpan<byte> text) : JsonProblemException($"must be base64; this {Describe(text)}")
{
    private static readonly SearchValues<byte> _alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    private static string Describe(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> digits = text.TrimEnd((byte)'=');
        return text switch
        {
            _ when text.IndexOfAny("\r\n"u8) >= 0 => "has line ends: send it in one line",
            _ when text.IndexOfAny(" \t"u8) >= 0 => "has white space",
            _ when text.IndexOfAny("-_"u8) >= 0 => "has '-' or '_' as base64url has: send '+' and '/', and '=' at the end",
            _ when digits.IndexOfAnyExcept(_alphabet) >= 0 => "has a character that base64 does not have",
            _ when (digits.Length & 3) == 1 => "is cut off: no bytes have that length",
            _ when (text.Length & 3) != 0 && text.Length == digits.Length => "has no padding: send '=' at the end",
            _ when text.Length != digits.Length + ((4 - (digits.Length & 3)) & 3) => "has more or less padding than belongs to its length",
            _ => "has bits left over that are not zero",
        };
    }
}
