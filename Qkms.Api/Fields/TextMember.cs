using System.Text.Json;
using System.Text.Json.Serialization;

namespace Qkms.Api.Fields;

/// <summary>A text in a merge patch that cannot be removed.</summary>
/// <param name="IsGiven">Whether the request has it.</param>
/// <param name="Text">The text; null when the request says null.</param>
[Field]
[JsonConverter(typeof(TextMemberConverter))]
internal readonly record struct TextMember(bool IsGiven, string? Text);

/// <summary>Reads such members.</summary>
internal sealed class TextMemberConverter : JsonConverter<TextMember>
{
    public override bool HandleNull => true;

    public override TextMember Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Null => throw new JsonProblemException("must be a string: it cannot be removed"),
        JsonTokenType.String => new TextMember(true, reader.GetString()),
        _ => throw new JsonProblemException("must be a string"),
    };

    public override void Write(Utf8JsonWriter writer, TextMember value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Text);
}
