using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Qkms.Api.Encryption;

/// <summary>
/// Reads the items of a batch and stops at the first that is too many: two megabytes hold 690,000 empty ones, which take a gigabyte as
/// objects.
/// </summary>
internal sealed class BatchConverter<TItem> : JsonConverter<IReadOnlyList<TItem?>>
    where TItem : class
{
    public override IReadOnlyList<TItem?> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException();

        JsonTypeInfo<TItem> type = (JsonTypeInfo<TItem>)options.GetTypeInfo(typeof(TItem));
        List<TItem?> items = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (items.Count == BatchRules.MaxItems)
                throw new JsonProblemException(BatchRules.WrongCount);

            items.Add(ReadItem(ref reader, type, items.Count));
        }

        return items;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<TItem?> value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Batches are only read.");

    // The path of an exception from in here begins in here.
    private static TItem? ReadItem(ref Utf8JsonReader reader, JsonTypeInfo<TItem> type, int index)
    {
        try
        {
            return JsonSerializer.Deserialize(ref reader, type);
        }
        catch (JsonException exception)
        {
            string path = $"$.items[{index}]{exception.Path?[1..]}";
            throw exception is JsonProblemException { Problem: var problem }
                ? new JsonProblemException(problem, path)
                : new JsonException(null, path, null, null);
        }
    }
}
