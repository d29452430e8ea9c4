using System.Text.Json;
using System.Text.Json.Serialization;
using Qkms.Api.Logging;

namespace Qkms.Api.Http;

/// <summary>
/// Writes times in the form of <see cref="UtcText"/>, and reads them with any offset (RFC 3339, section 5.6) to the millisecond. A time
/// without an offset would mean another moment on each machine, and is refused.
/// </summary>
internal sealed class UtcConverter : JsonConverter<DateTimeOffset>
{
    private const int DateLength = 10;
    private const int OffsetLength = 6; // +01:00
    private const string Expected = "must be a time with its offset, as in 2030-01-02T03:04:05Z";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
        && !reader.ValueIsEscaped
        && HasOffset(reader.ValueSpan)
        && reader.TryGetDateTimeOffset(out DateTimeOffset time)
            ? DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds())
            : throw new JsonProblemException(Expected);

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[UtcText.Length];
        UtcText.Write(value, text);
        writer.WriteStringValue(text);
    }

    private static bool HasOffset(ReadOnlySpan<byte> text) =>
        text.Length > DateLength + OffsetLength
        && text[DateLength] == (byte)'T'
        && (text[^1] == (byte)'Z' || text[^OffsetLength] is (byte)'+' or (byte)'-');
}
