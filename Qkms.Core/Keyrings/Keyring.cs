using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>The keys that the running service works with, once the root key has opened the database.</summary>
internal sealed class Keyring(TimeProvider time, IdGenerator ids) : IDisposable
{
    private readonly Lock _renewing = new();
    private volatile KeyringKeys? _keys;

    /// <summary>Whether the keys are there.</summary>
    public bool IsOpen => _keys is not null;

    /// <summary>
    /// Asked for a key that is not here, on a thread that waits for it: another node may have made it. It says whether there is any that
    /// was not here before. Null where no other process makes keys.
    /// </summary>
    internal Func<Guid, bool>? Learn { get; set; }

    /// <summary>Seals rows: the newest of its kind.</summary>
    public WrappingKey RowSealKey => Keys.NewestOf(Keys.RowSealKeys);

    /// <summary>Every key that a row may have been sealed with, the newest last.</summary>
    public IReadOnlyList<WrappingKey> RowSealKeys => Keys.RowSealKeys;

    /// <summary>Authenticates new page cursors: the newest of its kind.</summary>
    public WrappingKey CursorKey => Keys.NewestOf(Keys.CursorKeys);

    /// <summary>Every key that a page cursor may have been authenticated with, the newest last.</summary>
    public IReadOnlyList<WrappingKey> CursorKeys => Keys.CursorKeys;

    /// <summary>Hashes new API keys: the newest of its kind.</summary>
    public WrappingKey CredentialHashKey => Keys.NewestOf(Keys.CredentialHashKeys);

    /// <summary>Authenticates new events of the journal: the newest of its kind.</summary>
    public WrappingKey JournalKey => Keys.NewestOf(Keys.JournalKeys);

    /// <summary>Every key that an event may have been authenticated with, the newest last.</summary>
    public IReadOnlyList<WrappingKey> JournalKeys => Keys.JournalKeys;

    /// <summary>Wraps the secrets of new credentials that need theirs again: the newest of its kind.</summary>
    public WrappingKey CredentialSecretKey => Keys.NewestOf(Keys.CredentialSecretKeys);

    /// <summary>Every key that the secret of a credential may have been wrapped with, the newest last.</summary>
    public IReadOnlyList<WrappingKey> CredentialSecretKeys => Keys.CredentialSecretKeys;

    private KeyringKeys Keys => _keys ?? throw new InvalidOperationException("The keyring is not open yet.");

    /// <summary>Every key that an API key may have been hashed with, the newest last.</summary>
    public IReadOnlyList<WrappingKey> CredentialHashKeys => Keys.CredentialHashKeys;

    /// <summary>The keys that nothing new is done with yet.</summary>
    public IReadOnlyList<Guid> Waiting => Keys.Waiting;

    /// <summary>Whether a key that belongs to no tenant is here.</summary>
    public bool Knows(Guid id) => Keys.Has(id);

    /// <summary>A row-seal key by its id, of another node too; null when there is none.</summary>
    public WrappingKey? FindRowSealKey(Guid id) => Find(id, static keys => keys.RowSealKeys);

    /// <summary>A journal key by its id, of another node too; null when there is none.</summary>
    public WrappingKey? FindJournalKey(Guid id) => Find(id, static keys => keys.JournalKeys);

    private WrappingKey? Find(Guid id, Func<KeyringKeys, IReadOnlyList<WrappingKey>> of) =>
        of(Keys).FirstOrDefault(key => key.Id == id)
        ?? (Learn?.Invoke(id) == true ? of(Keys).FirstOrDefault(key => key.Id == id) : null);

    /// <summary>
    /// Opens the keys that are new, and keeps them beside those that there are: they open what others did with them, and wait until
    /// <see cref="BeginToUse"/>. Keys that are gone from the database stay until the end.
    /// </summary>
    /// <param name="entries">Every key that belongs to no tenant, newest version last.</param>
    /// <returns>Those that do not open.</returns>
    internal IReadOnlyList<KeyringEntry> TakeUp(IReadOnlyList<KeyringEntry> entries)
    {
        lock (_renewing)
        {
            KeyringKeys keys = Keys;
            List<KeyringEntry> broken = [];
            foreach (KeyringEntry entry in entries.Where(entry => entry.TenantId is null && !keys.Has(entry.Id)))
            {
                if (StoredKeyring.SystemKinds.Contains(entry.Kind) && KeyringKeyWrap.TryOpen(keys.MasterKey, entry) is { } key)
                    keys = keys.With(entry.Kind, key);
                else
                    broken.Add(entry);
            }

            _keys = keys;
            return broken;
        }
    }

    /// <summary>Uses a key for new work from now on.</summary>
    internal void BeginToUse(Guid id)
    {
        lock (_renewing)
            _keys = Keys with { Waiting = [.. Keys.Waiting.Where(waiting => waiting != id)] };
    }

    /// <summary>A new random key that belongs to no tenant, wrapped by the master key and ready to be stored.</summary>
    internal KeyringEntry CreateSystemKey(KeyringKind kind, int version) =>
        KeyringKeyWrap.Create(Keys.MasterKey, ids.Next(), kind, tenantId: null, version, time.GetUtcNow());

    /// <summary>
    /// A new random key for a tenant, wrapped by the master key and ready to be stored. <see cref="OpenTenantKey"/> opens it.
    /// </summary>
    /// <param name="tenantId">Whose it is.</param>
    /// <param name="version">1 for the tenant's first, one more for each after it.</param>
    public KeyringEntry CreateTenantKey(TenantId tenantId, int version = 1) =>
        KeyringKeyWrap.Create(Keys.MasterKey, ids.Next(), KeyringKind.Tenant, tenantId, version, time.GetUtcNow());

    /// <summary>The tenant's key, to be disposed of by the caller.</summary>
    /// <exception cref="SealBrokenException">The row is another tenant's, was changed, or is damaged.</exception>
    public WrappingKey OpenTenantKey(KeyringEntry entry)
    {
        WrappingKey? key = entry is { Kind: KeyringKind.Tenant, TenantId: not null } ? KeyringKeyWrap.TryOpen(Keys.MasterKey, entry) : null;
        return key ?? throw new SealBrokenException($"the key of tenant {entry.TenantId}");
    }

    /// <summary>The master key under another root key, ready to be stored.</summary>
    /// <param name="rootKey">The root key.</param>
    /// <param name="kind">The name of its <see cref="IRootKeyKind"/>.</param>
    /// <param name="parameters">What the kind has to know to find the root key again.</param>
    public RootWrapper WrapMasterKey(RootKey rootKey, string kind, string parameters) =>
        RootKeyWrap.Create(rootKey, Keys.MasterKey, ids.Next(), time.GetUtcMilliseconds(), kind, parameters);

    /// <summary>Whether a root key opens the master key in a wrapping as it is stored.</summary>
    public bool IsOpenedBy(RootKey rootKey, RootWrapper stored)
    {
        using WrappingKey? opened = RootKeyWrap.TryOpen(rootKey, stored);
        return opened is not null
            && opened.Id == Keys.MasterKey.Id
            && CryptographicOperations.FixedTimeEquals(opened.Secret.Span, Keys.MasterKey.Secret.Span);
    }

    /// <summary>The set of these wrappings.</summary>
    public RootWrapperSet SetOf(long epoch, IReadOnlyList<RootWrapper> wrappers) => RootWrapperSet.Of(Keys.MasterKey, epoch, wrappers);

    /// <summary>What is wrong with the set that the database has, or with what the journal tells of it; null when it holds.</summary>
    /// <param name="stored">The database.</param>
    /// <param name="told">What the journal tells.</param>
    public string? FindProblem(StoredKeyring stored, ToldRootWrapperSet? told) => stored.FindProblem(Keys.MasterKey, told);

    /// <summary>Zeroes every key.</summary>
    public void Dispose() => _keys?.Dispose();

    /// <summary>Takes over the opened keys.</summary>
    internal void Install(KeyringKeys keys)
    {
        lock (_renewing)
        {
            if (_keys is null)
            {
                _keys = keys;
                return;
            }
        }

        keys.Dispose();
        throw new InvalidOperationException("The keyring is open already.");
    }
}
