using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.OpenApi;

namespace Qkms.Api.Journal;

/// <summary>A time in a query, with its offset (RFC 3339, section 5.6), as <see cref="UtcConverter"/> reads it in a body.</summary>
/// <param name="Text">The text.</param>
/// <param name="Value">The time; null when the text is not one.</param>
[Field(Type = JsonSchemaType.String, Format = "date-time", Example = Examples.Time)]
internal readonly record struct TimeText(string Text, DateTimeOffset? Value) : IParsedText<TimeText>
{
    private const int MaxLength = 40;
    private const int DateLength = 10;
    private const int OffsetLength = 6; // +01:00

    private static readonly SearchValues<char> _letters = SearchValues.Create("0123456789-+:.TZ");

    public static bool TryParse(string? text, out TimeText parsed)
    {
        parsed = new TimeText(text ?? "", text is null ? null : Parse(text));
        return true;
    }

    private static DateTimeOffset? Parse(string text)
    {
        if (text.Length is <= DateLength + OffsetLength or > MaxLength
            || text.AsSpan().ContainsAnyExcept(_letters)
            || text[DateLength] != 'T'
            || (text[^1] != 'Z' && text[^OffsetLength] is not ('+' or '-')))
            return null;

        Utf8JsonReader reader = new(Encoding.ASCII.GetBytes($"\"{text}\""));
        return reader.Read() && reader.TryGetDateTimeOffset(out DateTimeOffset time) ? time : null;
    }
}
