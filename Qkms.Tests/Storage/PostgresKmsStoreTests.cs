using Qkms.Storage.Postgres;

namespace Qkms.Tests.Storage;

/// <summary>The contract on PostgreSQL.</summary>
[NeedsPostgres]
public sealed class PostgresKmsStoreTests : KmsStoreContract, IDisposable
{
    private PostgresDatabase? _database;
    private PostgresKmsStore? _store;

    public void Dispose()
    {
        _store?.Dispose();
        _database?.Dispose();
    }

    private protected override async Task<IKmsStore> OpenAsync()
    {
        _database = PostgresServer.CreateMigrated();
        return _store = await PostgresStores.OpenAsync(_database);
    }
}
