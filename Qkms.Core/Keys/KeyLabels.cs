using System.Text;
using System.Text.Json;

namespace Qkms.Core.Keys;

/// <summary>What a request changes of labels.</summary>
/// <param name="IsGiven">Whether it says anything of them.</param>
/// <param name="Patch">New values by name, null for those to remove; null for all of them.</param>
internal readonly record struct LabelChanges(bool IsGiven, IReadOnlyDictionary<string, string?>? Patch);

/// <summary>Words that a tenant puts on a version to find its way: a small map of strings that decides nothing.</summary>
/// <param name="Text">As it is stored and sealed: a JSON object, members by the order of their UTF-16 units; null for none.</param>
internal readonly record struct KeyLabels(string? Text)
{
    /// <summary>The most labels of a version.</summary>
    public const int MostLabels = 32;

    /// <summary>The longest name or value, in characters. A name has at least one.</summary>
    public const int MaxLength = 128;

    /// <summary>No labels.</summary>
    public static readonly KeyLabels None;

    /// <summary>The labels one by one.</summary>
    public SortedDictionary<string, string> Read()
    {
        SortedDictionary<string, string> labels = new(StringComparer.Ordinal);
        if (Text is null)
            return labels;

        using JsonDocument document = JsonDocument.Parse(Text);
        foreach (JsonProperty label in document.RootElement.EnumerateObject())
            labels[label.Name] = label.Value.GetString()!;

        return labels;
    }

    /// <summary>
    /// These labels after a merge patch (RFC 7396): a value replaces or adds, null removes one; where the whole map is null all go.
    /// </summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/>: there would be more than <see cref="MostLabels"/>.</exception>
    public KeyLabels With(IReadOnlyDictionary<string, string?>? patch)
    {
        if (patch is null)
            return None;

        SortedDictionary<string, string> labels = Read();
        foreach ((string name, string? value) in patch)
        {
            if (value is null)
                labels.Remove(name);
            else
                labels[name] = value;
        }

        return labels.Count <= MostLabels
            ? new KeyLabels(labels.Count == 0 ? null : Write(labels))
            : throw KmsErrors.Invalid.With(
                $"'labels' must be at most {MostLabels}.", new FieldError("labels", $"must be at most {MostLabels}"));
    }

    private static string Write(SortedDictionary<string, string> labels)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text))
        {
            writer.WriteStartObject();
            foreach ((string name, string value) in labels)
                writer.WriteString(name, value);

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }
}
