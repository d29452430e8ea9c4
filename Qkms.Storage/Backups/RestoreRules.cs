using Qkms.Core.Backups;

namespace Qkms.Storage.Backups;

/// <summary>What a restore refuses, in the same words on both databases.</summary>
internal static class RestoreRules
{
    /// <summary>How many rows are written between two reports.</summary>
    public const int RowsBetweenReports = 1000;

    private const string Restoring = "restoring";

    /// <summary>Refuses a backup of a later release, or with a table that no release has.</summary>
    public static void RefuseUnknown(BackupManifest manifest, int migrations)
    {
        if (manifest.Facts.Schema > migrations || manifest.Facts.Schema < 1)
            throw new BackupException(
                $"The backup was made by release {manifest.Release}, whose schema ({manifest.Facts.Schema} migrations) is newer than this "
                + $"release's ({migrations}): restore it with that release.");

        if (manifest.Tables.FirstOrDefault(table => !BackupTables.All.Contains(table.Name)) is { } unknown)
            throw new BackupException($"The backup has a table {unknown.Name}, which no release of Qkms backs up.");
    }

    /// <summary>Refuses a table whose columns are not those of the schema.</summary>
    public static void RefuseOtherColumns(string table, IReadOnlyList<BackupColumn> found, IReadOnlyList<BackupColumn> expected)
    {
        if (!found.SequenceEqual(expected))
            throw new BackupException($"Table {table} of the backup has other columns than the schema that its manifest names.");
    }

    /// <summary>What to throw where an installation is in the way.</summary>
    public static BackupException Exists(string where) => new(
        $"There is an installation in {where}: nothing was written. With --replace the backup takes its place, and everything in it is "
        + "lost.");

    /// <summary>Tells how far the restore is while rows are read.</summary>
    public static IEnumerable<object?[]> Report(
        IEnumerable<object?[]> rows, BackupManifest manifest, int index, IBackupProgress progress, CancellationToken cancellationToken)
    {
        TableDigest table = manifest.Tables[index];
        long count = 0;
        progress.At(Restoring, table.Name, index + 1, manifest.Tables.Count, count);
        foreach (object?[] row in rows)
        {
            yield return row;
            if (++count % RowsBetweenReports == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress.At(Restoring, table.Name, index + 1, manifest.Tables.Count, count);
            }
        }
    }
}
