using System.IO.Compression;

namespace Qkms.Core.Backups;

/// <summary>Makes a backup: one file, complete or not there.</summary>
internal sealed class BackupWriter(IBackupSource source, TimeProvider time)
{
    private const string Saving = "saving";
    private const int RowsBetweenReports = 1000;

    // The name under which it grows. It takes its own name when it is complete and on disk.
    private const string Unfinished = ".partial";

    /// <summary>Makes it.</summary>
    /// <param name="path">The file; there is none yet.</param>
    /// <param name="release">The release that makes it.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it; no file is left then.</param>
    /// <exception cref="BackupException">The file exists, or there is nothing to back up.</exception>
    /// <exception cref="IOException">The disk cannot take it.</exception>
    /// <exception cref="Store.StoreUnusableException">The database cannot be read.</exception>
    public async Task<BackupManifest> WriteAsync(
        string path, string release, IBackupProgress progress, CancellationToken cancellationToken)
    {
        string full = Path.GetFullPath(path);
        if (Path.Exists(full))
            throw new BackupException($"'{full}' exists: a backup takes no other file's place. Name another one, or move that one away.");

        string partial = full + Unfinished;
        FileStream file = OpenPartial(partial);
        try
        {
            BackupManifest manifest;
            await using (file)
            {
                manifest = await source.ReadAsync(
                    moment => WriteEntriesAsync(file, moment, release, progress, cancellationToken), cancellationToken);
                BackupChecksum.Write(file);
                file.Flush(flushToDisk: true);

                // Without overwriting, .NET moves by link(2) and unlink(2): a file that came meanwhile stays. While it is open, so that
                // nobody else takes what has this name for abandoned.
                File.Move(partial, full, overwrite: false);
            }

            PrivateFile.FlushFolder(Path.GetDirectoryName(full)!);
            return manifest;
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private async Task<BackupManifest> WriteEntriesAsync(
        FileStream file, IBackupMoment moment, string release, IBackupProgress progress, CancellationToken cancellationToken)
    {
        BackupFacts facts = await moment.FactsAsync();
        if (facts.RootKeyIds.Count == 0)
            throw new BackupException("The database is empty: Qkms has not been started with it, so there is nothing to back up.");

        DateTimeOffset now = time.GetUtcMilliseconds();
        List<TableDigest> digests = [];
        using ZipArchive zip = new(file, ZipArchiveMode.Create, leaveOpen: true);
        zip.Comment = BackupChecksum.Placeholder;
        foreach (string table in moment.Tables)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int number = digests.Count + 1;
            progress.At(Saving, table, number, moment.Tables.Count, 0);
            IReadOnlyList<BackupColumn> columns = await moment.ColumnsAsync(table);
            using Stream stream = Create(zip, TableDigest.EntryOf(table), now);
            using BackupRowWriter writer = new(stream, columns);
            await moment.ReadAsync(table, columns, row =>
            {
                writer.Write(row);
                if (writer.Rows % RowsBetweenReports == 0)
                    progress.At(Saving, table, number, moment.Tables.Count, writer.Rows);
            });
            digests.Add(new TableDigest(table, writer.Rows, writer.End()));
        }

        BackupManifest manifest = new(release, now, facts, digests);
        using (Stream stream = Create(zip, BackupManifest.EntryName, now))
            manifest.Write(stream);

        return manifest;
    }

    private static Stream Create(ZipArchive zip, string name, DateTimeOffset now)
    {
        ZipArchiveEntry entry = zip.CreateEntry(name, CompressionLevel.Optimal);
        entry.LastWriteTime = now;
        return entry.Open();
    }

    // One that a dead process left is removed; that of a process that lives is locked.
    private static FileStream OpenPartial(string path)
    {
        if (File.Exists(path))
        {
            using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                File.Delete(path);
        }

        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        return new FileStream(path, options);
    }
}
