using System.Text;
using System.Text.Json;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Tags;

/// <summary>
/// The tags of a key, all in one row. They belong to the key as a whole and are set by the protocol of AWS KMS; labels belong to a version.
/// Neither decides anything.
/// </summary>
internal sealed record KeyTags : ISealedRow
{
    /// <summary>The most tags of a key, as with AWS KMS.</summary>
    public const int Most = 50;

    /// <inheritdoc/>
    public static string SealKind => "key-tags";

    /// <inheritdoc/>
    public required TenantId TenantId { get; init; }

    /// <summary>The key.</summary>
    public required KeyId KeyId { get; init; }

    /// <summary>As they are stored: a JSON object, members by the order of their UTF-16 units.</summary>
    public required string Text { get; init; }

    /// <summary>Rises with every write of the row.</summary>
    public required long RowVersion { get; init; }

    /// <inheritdoc/>
    public string LogName => $"the tags of key {KeyId}";

    /// <summary>The row of a key that has had no tags.</summary>
    public static KeyTags NoneOf(TenantId tenantId, KeyId keyId) =>
        new() { TenantId = tenantId, KeyId = keyId, Text = "{}", RowVersion = 0 };

    /// <summary>The tags one by one.</summary>
    public SortedDictionary<string, string> Read()
    {
        SortedDictionary<string, string> tags = new(StringComparer.Ordinal);
        using JsonDocument document = JsonDocument.Parse(Text);
        foreach (JsonProperty tag in document.RootElement.EnumerateObject())
            tags[tag.Name] = tag.Value.GetString()!;

        return tags;
    }

    /// <summary>The row with other tags, to be written.</summary>
    public KeyTags With(SortedDictionary<string, string> tags) => this with { Text = Write(tags), RowVersion = RowVersion + 1 };

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer) =>
        writer.Add(TenantId.Value).Add(KeyId.Value).Add(Text).Add(RowVersion);

    private static string Write(SortedDictionary<string, string> tags)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text))
        {
            writer.WriteStartObject();
            foreach ((string key, string value) in tags)
                writer.WriteString(key, value);

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }
}
