using System.Globalization;
using System.Text.Json;

namespace Qkms.Core.Backups;

/// <summary>The first thing to read of a backup: what it is of, and what it must hold (docs/backup.md).</summary>
/// <param name="Release">The release that made it.</param>
/// <param name="MadeAt">When.</param>
/// <param name="Facts">What it is of.</param>
/// <param name="Tables">Every table in it.</param>
internal sealed record BackupManifest(string Release, DateTimeOffset MadeAt, BackupFacts Facts, IReadOnlyList<TableDigest> Tables)
{
    /// <summary>The name of its entry.</summary>
    public const string EntryName = "manifest.json";

    /// <summary>The form of the file; a later one is refused.</summary>
    public const int Format = 1;

    private const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>How many rows there are in all.</summary>
    public long Rows => Tables.Sum(table => table.Rows);

    /// <summary>When it was made, for people.</summary>
    public string MadeAtText => MadeAt.UtcDateTime.ToString(Timestamp, CultureInfo.InvariantCulture);

    /// <summary>Writes it as JSON.</summary>
    public void Write(Stream stream)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteNumber("format", Format);
        json.WriteString("release", Release);
        json.WriteString("made_at", MadeAtText);
        json.WriteString("storage", Facts.Storage);
        json.WriteNumber("schema", Facts.Schema);
        json.WriteString("installation_id", Facts.InstallationId);
        json.WriteNumber("epoch", Facts.Epoch);
        json.WriteStartArray("root_key_ids");
        foreach (string id in Facts.RootKeyIds)
            json.WriteStringValue(id);

        json.WriteEndArray();
        json.WriteStartArray("tables");
        foreach (TableDigest table in Tables)
        {
            json.WriteStartObject();
            json.WriteString("name", table.Name);
            json.WriteNumber("rows", table.Rows);
            json.WriteString("sha256", table.Sha256);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("journal_heads");
        foreach (JournalHead head in Facts.Heads)
        {
            json.WriteStartObject();
            json.WriteString("tenant_id", head.TenantId);
            json.WriteNumber("stream", head.Stream);
            json.WriteNumber("next_position", head.NextPosition);
            json.WriteString("head_hash", Convert.ToHexStringLower(head.HeadHash));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="BackupException">It is of a later release, or is no manifest.</exception>
    public static BackupManifest Read(Stream stream)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(stream);
            JsonElement root = document.RootElement;
            if (root.GetProperty("format").GetInt32() is var format and not Format)
                throw new BackupException(
                    $"The backup has format {format}, and this release reads format {Format}: use the release that made it "
                    + $"({root.GetProperty("release").GetString()}).");

            BackupFacts facts = new(
                Text(root, "storage"),
                root.GetProperty("schema").GetInt32(),
                root.GetProperty("installation_id").GetGuid(),
                root.GetProperty("epoch").GetInt64(),
                [.. root.GetProperty("root_key_ids").EnumerateArray().Select(id => id.GetString()!)],
                [.. root.GetProperty("journal_heads").EnumerateArray().Select(HeadOf)]);
            DateTime madeAt = DateTime.ParseExact(
                Text(root, "made_at"),
                Timestamp,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
            return new BackupManifest(
                Text(root, "release"),
                new DateTimeOffset(madeAt),
                facts,
                [.. root.GetProperty("tables").EnumerateArray().Select(DigestOf)]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            throw new BackupException("The manifest of the backup cannot be read: the file was changed, or is no backup of Qkms.", e);
        }
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? throw new FormatException();

    private static JournalHead HeadOf(JsonElement head) => new(
        head.GetProperty("tenant_id").GetGuid(),
        head.GetProperty("stream").GetInt64(),
        head.GetProperty("next_position").GetInt64(),
        Convert.FromHexString(Text(head, "head_hash")));

    private static TableDigest DigestOf(JsonElement table) =>
        new(Text(table, "name"), table.GetProperty("rows").GetInt64(), Text(table, "sha256"));
}

/// <summary>What the entry of a table must be.</summary>
/// <param name="Name">The table.</param>
/// <param name="Rows">How many rows it has.</param>
/// <param name="Sha256">SHA-256 of its entry, in lower-case hexadecimal digits.</param>
internal sealed record TableDigest(string Name, long Rows, string Sha256)
{
    /// <summary>The entry of a table.</summary>
    public static string EntryOf(string table) => $"tables/{table}.jsonl";
}
