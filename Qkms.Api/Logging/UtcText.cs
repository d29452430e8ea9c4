using System.Buffers.Text;
using System.Diagnostics;

namespace Qkms.Api.Logging;

/// <summary>Writes times as ISO 8601 in UTC with milliseconds and a Z: <c>2026-01-02T03:04:05.678Z</c>.</summary>
internal static class UtcText
{
    /// <summary>The length of the text in bytes.</summary>
    public const int Length = 24;

    // The round-trip form has seven digits behind the second and is the one that the platform writes without reading a pattern.
    private const int RoundTripLength = 28;

    /// <summary>Writes a time as ASCII.</summary>
    public static void Write(DateTimeOffset time, Span<byte> destination)
    {
        Span<byte> text = stackalloc byte[RoundTripLength];
        bool isWhole = Utf8Formatter.TryFormat(time.UtcDateTime, text, out int length, 'O') && length == RoundTripLength;
        Debug.Assert(isWhole, "UTC always ends with a Z.");
        text[..(Length - 1)].CopyTo(destination);
        destination[Length - 1] = (byte)'Z';
    }
}
