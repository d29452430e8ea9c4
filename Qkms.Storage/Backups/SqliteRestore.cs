using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Qkms.Core.Backups;
using Qkms.Core.Secrets;
using Qkms.Core.Time;
using Qkms.Storage.Migrations;
using Qkms.Storage.Rows;
using Qkms.Storage.Sessions;
using Qkms.Storage.Sqlite;

namespace Qkms.Storage.Backups;

/// <summary>
/// Restores into the data directory: a new file is filled, checked and flushed to disk under a name of its own, and then takes the place of
/// the database in one step. Until that the directory is as it was.
/// </summary>
internal sealed class SqliteRestore(SqliteStorageOptions options, TimeProvider time) : IRestoreTarget
{
    private readonly string _path = DataDirectory.DatabasePathIn(options.DataDirectory);

    /// <inheritdoc/>
    public string Description => $"{NativeSqlite.Description}, {_path}";

    private string Unfinished => _path + ".restoring";

    /// <inheritdoc/>
    public async Task<Restored> RestoreAsync(
        BackupArchive backup,
        bool replace,
        Func<IKmsSession, Task> check,
        IBackupProgress progress,
        CancellationToken cancellationToken)
    {
        // The library is set up before its first use.
        _ = NativeSqlite.Description;
        RestoreRules.RefuseUnknown(backup.Manifest, Migration.For("Sqlite").Count);
        using DataDirectory directory = DataDirectory.TakeToRestore(options.DataDirectory);
        bool exists = HasContent(_path) || HasContent(_path + "-wal");
        if (exists && !replace)
            throw RestoreRules.Exists($"'{_path}'");

        long epoch = 1 + Math.Max(backup.Manifest.Facts.Epoch, exists ? EpochOfExisting() : 0);
        try
        {
            RemoveUnfinished();
            using (OpenNew(Unfinished))
            {
            }

            await FillAsync(backup, epoch, check, progress, cancellationToken);
            Flush(Unfinished);
            if (exists)
                SettleExisting();

            File.Move(Unfinished, _path, overwrite: true);
            PrivateFile.FlushFolder(Path.GetDirectoryName(_path)!);
            return new Restored(backup.Manifest.Rows, exists, epoch);
        }
        catch (SqliteException e)
        {
            throw new StoreUnusableException($"The backup cannot be written to '{Unfinished}': {e.Message}", e);
        }
        finally
        {
            RemoveUnfinished();
        }
    }

    private async Task FillAsync(
        BackupArchive backup, long epoch, Func<IKmsSession, Task> check, IBackupProgress progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<Migration> migrations = Migration.For("Sqlite");
        using CachingConnection connection = new SqliteDataSource(Unfinished).OpenLoader();
        new SqliteMigrator([.. migrations.Take(backup.Manifest.Facts.Schema)], time, NullLogger.Instance).Run(connection);
        using (SqliteTransaction transaction = connection.BeginTransaction())
        {
            // The migrator has made a new one.
            connection.Execute("DELETE FROM installation", transaction: transaction);
            for (int i = 0; i < backup.Manifest.Tables.Count; i++)
                await LoadAsync(connection, backup, i, progress, cancellationToken);

            transaction.Commit();
        }

        if (connection.QueryFirstOrDefault<string>("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1") is { } broken)
            throw new BackupException($"A row of {broken} in the backup refers to one that is not there: the file was changed.");

        new SqliteMigrator(migrations, time, NullLogger.Instance).Run(connection);
        connection.Execute(
            "INSERT INTO epochs (number, id, system_identifier, timeline, begun_at) VALUES (@Number, @Id, 0, 1, @BegunAt)",
            new { Number = epoch, Id = new IdGenerator(time).Next().ToBytes(), BegunAt = time.GetUtcNow().ToStored() });
        using KmsSession session = KmsSession.ForReading(connection, SqlDialect.Sqlite, cancellationToken);
        await check(session);
    }

    private static async Task LoadAsync(
        CachingConnection connection, BackupArchive backup, int index, IBackupProgress progress, CancellationToken cancellationToken)
    {
        string table = backup.Manifest.Tables[index].Name;
        using BackupRowReader reader = backup.Read(table);
        RestoreRules.RefuseOtherColumns(
            table, reader.Columns, await SqliteBackup.Moment(connection, cancellationToken).ColumnsAsync(table));
        string values = string.Join(", ", Enumerable.Range(1, reader.Columns.Count).Select(number => $"?{number}"));
        connection.RunEach(
            $"INSERT INTO \"{table}\" ({BackupMoment.Names(reader.Columns)}) VALUES ({values})",
            RestoreRules.Report(reader.Rows(), backup.Manifest, index, progress, cancellationToken));
    }

    // One that is damaged, which may be why it is replaced, says nothing.
    private long EpochOfExisting()
    {
        try
        {
            using SqliteConnection connection = new SqliteDataSource(_path).OpenReader();
            return connection.ExecuteScalar<long>("SELECT COALESCE(MAX(number), 0) FROM epochs");
        }
        catch (SqliteException)
        {
            return 0;
        }
    }

    /// <summary>
    /// Leaves nothing in the log of the database that goes: SQLite would take it for that of the one that comes. If the machine stops right
    /// after that, the old database is whole.
    /// </summary>
    private void SettleExisting()
    {
        try
        {
            if (!new SqliteDataSource(_path).TryTruncateLog())
                throw new StoreUnusableException(
                    $"Another process reads '{_path}', a backup or 'verify' perhaps: nothing was written. Wait for its end.");
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT)
        {
            // There is nothing to be saved.
        }

        File.Delete(_path + "-wal");
        File.Delete(_path + "-shm");
    }

    private void RemoveUnfinished()
    {
        foreach (string name in (string[])["", "-journal", "-wal", "-shm"])
            File.Delete(Unfinished + name);
    }

    private static bool HasContent(string path) => File.Exists(path) && new FileInfo(path).Length > 0;

    private static void Flush(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    private static FileStream OpenNew(string path)
    {
        FileStreamOptions fileOptions = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            fileOptions.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        return new FileStream(path, fileOptions);
    }
}
