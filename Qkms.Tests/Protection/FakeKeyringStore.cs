using Qkms.Core.ApiKeys;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Names;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Tests.Protection;

/// <summary>Root wrappers and the keyring in memory. A unit that fails leaves nothing behind.</summary>
internal sealed class FakeKeyringStore : IKmsStore
{
    public List<RootWrapper> Wrappers { get; private set; } = [];

    public List<KeyringEntry> Entries { get; private set; } = [];

    public bool HasTenant { get; set; }

    public bool IsEmbedded { get; init; } = true;

    /// <summary>Runs once before the next unit enters: another node that was faster.</summary>
    public Func<Task>? BeforeNextWrite { get; set; }

    /// <summary>Runs once after the next unit has read and before it commits: another node in a unit beside it.</summary>
    public Func<Task>? BesideNextWrite { get; set; }

    /// <summary>The insert, counted from one, that fails.</summary>
    public int? FailAtInsert { get; set; }

    public string Description => "memory";

    public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) => work(new Session(this, Wrappers, Entries));

    public Task<bool> EraseRemainsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public async Task<T> WriteAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken)
    {
        if (BeforeNextWrite is { } before)
        {
            BeforeNextWrite = null;
            await before();
        }

        (List<RootWrapper> wrappers, List<KeyringEntry> entries) = ([.. Wrappers], [.. Entries]);
        int count = entries.Count;
        T result = await work(new Session(this, wrappers, entries));
        if (BesideNextWrite is { } beside)
        {
            BesideNextWrite = null;
            await beside();
        }

        if (Entries.Count != count)
            throw new IOException("UNIQUE constraint failed.");

        (Wrappers, Entries) = (wrappers, entries);
        return result;
    }

    private sealed class Session(FakeKeyringStore store, List<RootWrapper> wrappers, List<KeyringEntry> entries)
        : IKmsSession, IKeyringRepository, ITenantRepository
    {
        private int _inserts;

        public IKeyringRepository Keyring => this;

        public ITenantRepository Tenants => this;

        public ICredentialRepository Credentials => throw new NotSupportedException();

        public IKeyRepository Keys => throw new NotSupportedException();

        public IAuditRepository Audit => throw new NotSupportedException();

        public IIdempotencyRepository Idempotency => throw new NotSupportedException();

        public void OnCommitted(Action action) => throw new NotSupportedException();

        public Task<IReadOnlyList<RootWrapper>> ListRootWrappersAsync() => Task.FromResult<IReadOnlyList<RootWrapper>>([.. wrappers]);

        public Task InsertRootWrapperAsync(RootWrapper wrapper) => Insert(wrappers, wrapper);

        public Task<IReadOnlyList<KeyringEntry>> ListSystemKeysAsync() =>
            Task.FromResult<IReadOnlyList<KeyringEntry>>([.. entries.Where(entry => entry.Kind != KeyringKind.Tenant)]);

        public Task<KeyringEntry?> FindNewestTenantKeyAsync(TenantId tenantId) => throw new NotSupportedException();

        public Task<KeyringEntry?> FindTenantKeyAsync(TenantId tenantId, Guid id) => throw new NotSupportedException();

        public Task InsertAsync(KeyringEntry entry) => Insert(entries, entry);

        public Task<bool> AnyAsync() => Task.FromResult(store.HasTenant);

        public Task<Sealed<Tenant>?> FindAsync(TenantId id) => throw new NotSupportedException();

        public Task<bool> InsertAsync(Sealed<Tenant> tenant) => throw new NotSupportedException();

        public Task<bool> UpdateAsync(Sealed<Tenant> tenant) => throw new NotSupportedException();

        private Task Insert<T>(List<T> list, T row)
        {
            if (++_inserts == store.FailAtInsert)
                throw new IOException("The disk is full.");

            list.Add(row);
            return Task.CompletedTask;
        }
    }
}
