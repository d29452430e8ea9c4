using System.IO.Compression;
using System.Security.Cryptography;

namespace Qkms.Core.Backups;

/// <summary>A backup, to be read.</summary>
internal sealed class BackupArchive : IDisposable
{
    private const string Checking = "checking";

    private readonly FileStream _file;
    private readonly ZipArchive _zip;

    private BackupArchive(FileStream file, ZipArchive zip, BackupManifest manifest) => (_file, _zip, Manifest) = (file, zip, manifest);

    /// <summary>What it is of.</summary>
    public BackupManifest Manifest { get; }

    /// <summary>Opens a backup, and sees that not a byte of it is missing or another.</summary>
    /// <exception cref="BackupException">It is no backup, or is cut or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static BackupArchive Open(string path)
    {
        string full = Path.GetFullPath(path);
        if (!File.Exists(full))
            throw new BackupException($"There is no file '{full}'.");

        FileStream file = new(full, FileMode.Open, FileAccess.Read, FileShare.Read);
        ZipArchive? zip = null;
        try
        {
            if (!BackupChecksum.Holds(file))
                throw new BackupException(
                    $"'{full}' is no backup of Qkms, or is cut or damaged: the checksum at its end is not that of its content. Use another "
                    + "copy of it.");

            file.Position = 0;
            zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            using Stream stream = (zip.GetEntry(BackupManifest.EntryName) ?? throw new BackupException($"'{full}' has no manifest."))
                .Open();
            BackupManifest manifest = BackupManifest.Read(stream);
            RefuseOtherEntries(zip, manifest);
            return new BackupArchive(file, zip, manifest);
        }
        catch (InvalidDataException e)
        {
            zip?.Dispose();
            file.Dispose();
            throw new BackupException($"'{full}' is no backup of Qkms: {e.Message}", e);
        }
        catch
        {
            zip?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads all of it: each table must be as the manifest says.</summary>
    /// <exception cref="BackupException">One is not.</exception>
    public void Check(IBackupProgress progress)
    {
        byte[] buffer = new byte[1 << 16];
        for (int i = 0; i < Manifest.Tables.Count; i++)
        {
            TableDigest table = Manifest.Tables[i];
            progress.At(Checking, table.Name, i + 1, Manifest.Tables.Count, 0);
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long lines = 0;
            using (Stream stream = OpenEntry(table.Name))
            {
                for (int read; (read = stream.Read(buffer)) > 0;)
                {
                    hash.AppendData(buffer, 0, read);
                    lines += buffer.AsSpan(0, read).Count((byte)'\n');
                }
            }

            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != table.Sha256 || lines - 1 != table.Rows)
                throw new BackupException(
                    $"Table {table.Name} of the backup is not the one that its manifest names: the file was changed after it was made.");
        }
    }

    /// <summary>The rows of a table, to be disposed of before the next one is read.</summary>
    /// <exception cref="BackupException">It cannot be read.</exception>
    public BackupRowReader Read(string table) => new(OpenEntry(table));

    /// <inheritdoc/>
    public void Dispose()
    {
        _zip.Dispose();
        _file.Dispose();
    }

    private Stream OpenEntry(string table) => _zip.GetEntry(TableDigest.EntryOf(table))!.Open();

    private static void RefuseOtherEntries(ZipArchive zip, BackupManifest manifest)
    {
        string[] expected = [BackupManifest.EntryName, .. manifest.Tables.Select(table => TableDigest.EntryOf(table.Name))];
        string[] found = [.. zip.Entries.Select(entry => entry.FullName)];
        if (expected.Except(found).FirstOrDefault() is { } missing)
            throw new BackupException($"The backup lacks {missing}, which its manifest names: the file was changed after it was made.");

        if (found.Length != expected.Length)
            throw new BackupException("The backup has entries that its manifest does not name: the file was changed after it was made.");
    }
}
