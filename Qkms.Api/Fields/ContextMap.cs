using System.Text.Json;
using System.Text.Json.Serialization;
using FluentValidation;
using Microsoft.OpenApi;
using Qkms.Core.Algorithms;

namespace Qkms.Api.Fields;

/// <summary>The encryption context of a request: a map of strings, encoded once, when the request is read.</summary>
/// <param name="Value">The context; null when there is a problem.</param>
/// <param name="Problem">What the map must be or have; null when it is a context.</param>
[Field(
    Type = JsonSchemaType.Object,
    MaxItems = EncryptionContext.MaxMembers,
    MaxLength = EncryptionContext.MaxCanonicalSize,
    Example = """{"purpose":"demo"}""")]
[JsonConverter(typeof(ContextMapConverter))]
internal readonly record struct ContextMap(EncryptionContext? Value, string? Problem);

/// <summary>The rules of such members.</summary>
internal static class ContextMaps
{
    /// <summary>A context that has a canonical form.</summary>
    public static void IsContext<T>(this IRuleBuilder<T, ContextMap?> rule) => rule.Custom((map, context) =>
    {
        if (map is { Problem: { } problem })
            context.AddFailure(problem);
    });

    /// <summary>The context; an absent one is empty.</summary>
    public static EncryptionContext OrEmpty(this ContextMap? map) => map is { } given ? given.Value! : EncryptionContext.Empty;
}

/// <summary>Reads such members.</summary>
internal sealed class ContextMapConverter : JsonConverter<ContextMap>
{
    public override ContextMap Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        EncryptionContext.TryCreate(ReadMembers(ref reader), out EncryptionContext? context, out string? problem);
        return new ContextMap(context, problem);
    }

    public override void Write(Utf8JsonWriter writer, ContextMap value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Contexts are only read.");

    // Stops at the first member that is too many: a body of two megabytes holds hundreds of thousands.
    private static Dictionary<string, string?> ReadMembers(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException();

        Dictionary<string, string?> members = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (members.Count == EncryptionContext.MaxMembers)
                throw new JsonProblemException(EncryptionContext.TooManyMembers);

            string name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null) || !members.TryAdd(name, reader.GetString()))
                throw new JsonException();
        }

        return members;
    }
}
