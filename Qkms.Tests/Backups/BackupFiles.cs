using System.IO.Compression;
using Qkms.Core.Backups;

namespace Qkms.Tests.Backups;

/// <summary>Looks into backups, and changes them as somebody else would.</summary>
internal static class BackupFiles
{
    /// <summary>The manifest, once the whole file was checked.</summary>
    public static BackupManifest Read(string path)
    {
        using BackupArchive archive = BackupArchive.Open(path);
        archive.Check(new Silent());
        return archive.Manifest;
    }

    /// <summary>A copy of which entries are changed, with the checksum that belongs to it.</summary>
    /// <param name="from">The backup.</param>
    /// <param name="to">The copy.</param>
    /// <param name="change">Takes the name and text of each entry, and gives the text that the copy has; null for no such entry.</param>
    /// <param name="oldName">An entry that gets another name, if any.</param>
    /// <param name="newName">That name.</param>
    public static void Forge(
        string from, string to, Func<string, string, string?> change, string? oldName = null, string? newName = null)
    {
        using FileStream file = new(to, FileMode.Create, FileAccess.ReadWrite);
        using (ZipArchive source = ZipFile.OpenRead(from))
        using (ZipArchive zip = new(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            zip.Comment = BackupChecksum.Placeholder;
            foreach (ZipArchiveEntry entry in source.Entries)
            {
                using StreamReader reader = new(entry.Open());
                if (change(entry.FullName, reader.ReadToEnd()) is not { } text)
                    continue;

                using StreamWriter writer = new(zip.CreateEntry(entry.FullName == oldName ? newName! : entry.FullName).Open());
                writer.Write(text);
            }
        }

        BackupChecksum.Write(file);
    }

    /// <summary>Reports nothing.</summary>
    internal sealed class Silent : IBackupProgress
    {
        public void At(string step, string table, int number, int tables, long rows)
        {
        }
    }
}
