using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Storage;

/// <summary>The contract on SQLite.</summary>
public sealed class SqliteKmsStoreTests : KmsStoreContract, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private SqliteKmsStore? _store;

    public void Dispose()
    {
        _store?.Dispose();
        _directory.Dispose();
    }

    private protected override async Task<IKmsStore> OpenAsync() => _store = await SqliteStores.OpenAsync(_directory.File("data"));
}
