using System.Text.Json;
using System.Text.Json.Serialization;

namespace Qkms.Api.Http;

/// <summary>
/// A text from a request together with its meaning. It is parsed once, when the request is read. A text without a meaning is kept too,
/// so that the validator can report it along with every other field.
/// </summary>
internal interface IParsedText
{
    /// <summary>The text as the caller wrote it.</summary>
    string Text { get; }
}

/// <inheritdoc/>
internal interface IParsedText<TSelf> : IParsedText
    where TSelf : struct, IParsedText<TSelf>
{
    /// <summary>Reads any text. Routes bind queries by it, so it is named as they expect, and never fails.</summary>
    static abstract bool TryParse(string? text, out TSelf parsed);
}

/// <summary>Reads and writes such texts as plain JSON strings.</summary>
internal sealed class ParsedTextConverter<T> : JsonConverter<T>
    where T : struct, IParsedText<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new JsonException();

        _ = T.TryParse(reader.GetString(), out T parsed);
        return parsed;
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
}
