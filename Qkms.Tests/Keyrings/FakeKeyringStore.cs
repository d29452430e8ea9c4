namespace Qkms.Tests.Keyrings;

/// <summary>Root wrappers and the keyring in memory. A unit that fails leaves nothing behind.</summary>
internal sealed class FakeKeyringStore : IKmsStore
{
    public List<RootWrapper> Wrappers { get; private set; } = [];

    public RootWrapperSet? Set { get; set; }

    public List<KeyringEntry> Entries { get; private set; } = [];

    public bool HasTenant { get; set; }

    public bool IsEmbedded { get; init; } = true;

    /// <summary>Runs once before the next unit enters: another node that was faster.</summary>
    public Func<Task>? BeforeNextWrite { get; set; }

    /// <summary>Runs once after the next unit has read and before it commits: another node in a unit beside it.</summary>
    public Func<Task>? BesideNextWrite { get; set; }

    /// <summary>The insert, counted from one, that fails.</summary>
    public int? FailAtInsert { get; set; }

    /// <summary>Reads and writes what is in memory here.</summary>
    public IKeyringRepository Keyring { get; } = new Repository();

    public string Description => "memory";

    public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Task<T> ReadAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        work(new Session(this, Wrappers, Entries));

    public Task<T> UpgradeAsync<T>(Func<IKmsSession, Task<T>> work, CancellationToken cancellationToken) =>
        WriteAsync(work, cancellationToken);

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
        Session session = new(this, wrappers, entries);
        T result = await work(session);
        if (BesideNextWrite is { } beside)
        {
            BesideNextWrite = null;
            await beside();
        }

        if (Entries.Count != count)
            throw new IOException("UNIQUE constraint failed.");

        (Wrappers, Entries, Set) = (wrappers, entries, session.Set);
        return result;
    }

    private sealed class Session(FakeKeyringStore store, List<RootWrapper> wrappers, List<KeyringEntry> entries) : IKmsSession
    {
        private int _inserts;

        public bool HasTenant => store.HasTenant;

        public RootWrapperSet? Set { get; set; } = store.Set;

        public IReadOnlyList<RootWrapper> Wrappers => [.. wrappers];

        public IReadOnlyList<KeyringEntry> SystemKeys => [.. entries.Where(entry => entry.Kind != KeyringKind.Tenant)];

        public void OnCommitted(Action action) => throw new NotSupportedException();

        public Task InsertAsync(RootWrapper wrapper) => Insert(wrappers, wrapper);

        public Task InsertAsync(KeyringEntry entry) => Insert(entries, entry);

        private Task Insert<T>(List<T> list, T row)
        {
            if (++_inserts == store.FailAtInsert)
                throw new IOException("The disk is full.");

            list.Add(row);
            return Task.CompletedTask;
        }
    }

    private sealed class Repository : IKeyringRepository
    {
        public Task<IReadOnlyList<RootWrapper>> ListRootWrappersAsync(IKmsSession session) => Task.FromResult(((Session)session).Wrappers);

        public Task InsertRootWrapperAsync(IKmsSession session, RootWrapper wrapper) => ((Session)session).InsertAsync(wrapper);

        public Task<bool> DeleteRootWrapperAsync(IKmsSession session, Guid wrapperId) => throw new NotSupportedException();

        public Task<RootWrapperSet?> FindRootWrapperSetAsync(IKmsSession session) => Task.FromResult(((Session)session).Set);

        public Task<RootWrapperSet?> LockRootWrapperSetAsync(IKmsSession session) => Task.FromResult(((Session)session).Set);

        public Task InsertRootWrapperSetAsync(IKmsSession session, RootWrapperSet set)
        {
            ((Session)session).Set = set;
            return Task.CompletedTask;
        }

        public Task<bool> UpdateRootWrapperSetAsync(IKmsSession session, RootWrapperSet set) => throw new NotSupportedException();

        public Task<IReadOnlyList<KeyringEntry>> ListSystemKeysAsync(IKmsSession session) => Task.FromResult(((Session)session).SystemKeys);

        public Task UpdateWrappedAsync(IKmsSession session, RootWrapper wrapper) => throw new NotSupportedException();

        public Task<IReadOnlyList<KeyringEntry>> ListTenantKeysAsync(IKmsSession session, Guid? after, int limit) =>
            throw new NotSupportedException();

        public Task UpdateWrappedAsync(IKmsSession session, KeyringEntry entry) => throw new NotSupportedException();

        public Task<bool> HasRowsOfTenantsAsync(IKmsSession session) => Task.FromResult(((Session)session).HasTenant);

        public Task<bool> HasSealedCredentialsAsync(IKmsSession session) => Task.FromResult(false);

        public Task<KeyringEntry?> FindNewestTenantKeyAsync(IKmsSession session, TenantId tenantId) => throw new NotSupportedException();

        public Task<KeyringEntry?> FindTenantKeyAsync(IKmsSession session, TenantId tenantId, Guid id) => throw new NotSupportedException();

        public Task<KeyringEntry?> LockTenantKeyAsync(IKmsSession session, TenantId tenantId, Guid id) => throw new NotSupportedException();

        public Task<IReadOnlyList<KeyringEntry>> ListKeysOfTenantAsync(IKmsSession session, TenantId tenantId) =>
            throw new NotSupportedException();

        public Task<bool> EraseAsync(IKmsSession session, KeyringEntry found) => throw new NotSupportedException();

        public Task InsertAsync(IKmsSession session, KeyringEntry entry) => ((Session)session).InsertAsync(entry);
    }
}
