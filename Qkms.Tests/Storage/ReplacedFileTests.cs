using Microsoft.Extensions.Logging.Testing;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Storage;

/// <summary>
/// F-40, on SQLite: an older copy of the database file is put in the place of the one that is open, or that is taken away. SQLite would
/// read from the one and write to the other. Windows lets nobody do that.
/// </summary>
public sealed class ReplacedFileTests : IDisposable
{
    private readonly StoreRows _rows = new();
    private readonly FakeLogCollector _log = new();
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory.File("qkms.db");

    public void Dispose() => _directory.Dispose();

    /// <summary>F-40: nothing is read from the older copy, nothing is written, and it goes on when the right file is back.</summary>
    [FactIf(Requirement.Sqlite)]
    public async Task An_older_copy_in_the_place_of_the_open_file_is_refused()
    {
        if (!OperatingSystem.IsLinux())
            return;

        using SqliteKmsStore store = await SqliteStores.OpenAsync(_directory.Path, logger: new FakeLogger<SqliteKmsStore>(_log));
        await AddAsync(store, "in-both");
        File.Copy(Path, _directory.File("older"));
        await AddAsync(store, "in-the-newer");

        File.Move(Path, _directory.File("newer"));
        File.Move(_directory.File("older"), Path);
        await Eventually.HoldsAsync(() => IsRefusedAsync(() => AnyAsync(store)));
        await Eventually.HoldsAsync(() => IsRefusedAsync(() => AddAsync(store, "nowhere")));
        _log.Lines.Should().ContainSingle(line => line.StartsWith("Critical", StringComparison.Ordinal)
            && line.Contains("put in its place", StringComparison.Ordinal));

        File.Move(_directory.File("newer"), Path, overwrite: true);
        await Eventually.HoldsAsync(async () => !await IsRefusedAsync(() => AnyAsync(store)));
        (await AddAsync(store, "after")).Should().BeTrue();
    }

    /// <summary>F-40: the file goes while a write is under way.</summary>
    [FactIf(Requirement.Sqlite)]
    public async Task A_write_into_a_file_that_was_taken_away_is_not_acknowledged()
    {
        if (!OperatingSystem.IsLinux())
            return;

        using SqliteKmsStore store = await SqliteStores.OpenAsync(_directory.Path);

        Func<Task> write = () => store.WriteAsync(
            session =>
            {
                File.Move(Path, _directory.File("away"), overwrite: true);
                return Repositories.Tenants.InsertAsync(session, StoreRows.Seal(_rows.Tenant("lost")));
            },
            CancellationToken.None);

        (await write.Should().ThrowAsync<KmsException>()).Which.Error.Should().Be(KmsErrors.OutcomeUnknown);
    }

    private static Task<bool> AnyAsync(SqliteKmsStore store) =>
        store.ReadAsync(session => Repositories.Tenants.AnyAsync(session), CancellationToken.None);

    private static async Task<bool> IsRefusedAsync(Func<Task> use)
    {
        try
        {
            await use();
            return false;
        }
        catch (KmsException e) when (e.Error == KmsErrors.Unavailable)
        {
            return true;
        }
    }

    private Task<bool> AddAsync(SqliteKmsStore store, string name) => store.WriteAsync(
        session => Repositories.Tenants.InsertAsync(session, StoreRows.Seal(_rows.Tenant(name))), CancellationToken.None);
}
