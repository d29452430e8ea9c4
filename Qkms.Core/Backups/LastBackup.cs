using System.Text.Json;

namespace Qkms.Core.Backups;

/// <summary>
/// The newest backup that was made on this host, noted in the data directory for a diagnosis. Not in the database, which a backup only
/// reads.
/// </summary>
/// <param name="MadeAt">When.</param>
/// <param name="InstallationId">Of what.</param>
/// <param name="File">Its file, as it was named then.</param>
internal sealed record LastBackup(DateTimeOffset MadeAt, Guid InstallationId, string File)
{
    /// <summary>The name of the file in the data directory.</summary>
    public const string FileName = "last-backup";

    private const int MaxLength = 16 * 1024;

    /// <summary>Notes a backup in a data directory, whole or not at all. Where there is no such directory it notes nothing.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public void Write(string dataDirectory)
    {
        if (!Directory.Exists(dataDirectory))
            return;

        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("made_at", MadeAt);
            json.WriteString("installation_id", InstallationId);
            json.WriteString("file", File);
            json.WriteEndObject();
        }

        PrivateFile.Replace(Path.Combine(dataDirectory, FileName), text.GetBuffer().AsSpan(0, (int)text.Length));
    }

    /// <summary>The backup that is noted in a data directory, or null.</summary>
    /// <exception cref="BackupException">What stands there is no such note.</exception>
    public static LastBackup? Read(string dataDirectory)
    {
        string path = Path.Combine(dataDirectory, FileName);
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > MaxLength)
                throw new BackupException($"'{path}' is too long to be a note of a backup.");

            using JsonDocument document = JsonDocument.Parse(file);
            JsonElement note = document.RootElement;
            return new LastBackup(
                note.GetProperty("made_at").GetDateTimeOffset(),
                note.GetProperty("installation_id").GetGuid(),
                note.GetProperty("file").GetString() ?? "");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BackupException($"'{path}' is no note of a backup.");
        }
    }
}
