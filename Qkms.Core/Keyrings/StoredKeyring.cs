using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>The keyring as the database holds it, still wrapped.</summary>
internal sealed class StoredKeyring
{
    private readonly IReadOnlyList<RootWrapper> _wrappers;
    private readonly IReadOnlyList<KeyringEntry> _systemKeys;
    private readonly bool _orphaned;

    private StoredKeyring(IReadOnlyList<RootWrapper> wrappers, IReadOnlyList<KeyringEntry> systemKeys, bool orphaned) =>
        (_wrappers, _systemKeys, _orphaned) = (wrappers, systemKeys, orphaned);

    /// <summary>The kinds of which every database has at least one key.</summary>
    public static IReadOnlyList<KeyringKind> SystemKinds { get; } = [KeyringKind.CredentialHash, KeyringKind.RowSeal, KeyringKind.Cursor];

    /// <summary>There is no master key yet.</summary>
    public bool IsNew => _wrappers.Count == 0;

    /// <summary>The ids of the root keys that open it, for messages.</summary>
    public string RootKeyIds => string.Join(", ", _wrappers.Select(wrapper => wrapper.RootKeyId));

    public static Task<StoredKeyring> ReadAsync(
        IKmsStore store, IKeyringRepository keyringRepository, CancellationToken cancellationToken) => store.ReadAsync(
        async session =>
        {
            // Every statement sees the newest commit, and another node may be at its first start just now: what was there before
            // the wrappers were read, while they are not, was not written together with them.
            bool inUse = (await keyringRepository.ListSystemKeysAsync(session)).Count > 0
                || await keyringRepository.HasRowsOfTenantsAsync(session);
            IReadOnlyList<RootWrapper> wrappers = await keyringRepository.ListRootWrappersAsync(session);
            IReadOnlyList<KeyringEntry> systemKeys = await keyringRepository.ListSystemKeysAsync(session);
            return new StoredKeyring(wrappers, systemKeys, orphaned: wrappers.Count == 0 && inUse);
        },
        cancellationToken);

    /// <exception cref="StoreUnusableException">There are rows that only a master key can have sealed, and no master key.</exception>
    public void RefuseIfOrphaned()
    {
        if (_orphaned)
            throw new StoreUnusableException(
                "The database holds data but no master key: its row in root_wrappers is lost. Restore the database from a backup; a new "
                + "master key could not open anything.");
    }

    /// <summary>Every key, opened.</summary>
    /// <exception cref="RootKeyException">The root key is another database's.</exception>
    /// <exception cref="StoreUnusableException">A key is missing or does not open.</exception>
    public KeyringKeys Open(RootKey rootKey)
    {
        List<WrappingKey> opened = [];
        try
        {
            WrappingKey masterKey = Keep(OpenMasterKey(rootKey));
            return new KeyringKeys(
                masterKey,
                Keep(OpenSystemKey(masterKey, EntriesOf(KeyringKind.RowSeal)[^1])),
                Keep(OpenSystemKey(masterKey, EntriesOf(KeyringKind.Cursor)[^1])),
                [.. EntriesOf(KeyringKind.CredentialHash).Select(entry => Keep(OpenSystemKey(masterKey, entry)))]);
        }
        catch
        {
            opened.ForEach(key => key.Dispose());
            throw;
        }

        WrappingKey Keep(WrappingKey key)
        {
            opened.Add(key);
            return key;
        }
    }

    private static WrappingKey OpenSystemKey(WrappingKey masterKey, KeyringEntry entry) =>
        KeyringKeyWrap.TryOpen(masterKey, entry)
        ?? throw new StoreUnusableException(
            $"The {NameOf(entry.Kind)} key {entry.Id} (version {entry.Version}) of the keyring does not open: its row was changed, moved "
            + "or damaged. Restore the database from a backup.");

    private static string NameOf(KeyringKind kind) => kind switch
    {
        KeyringKind.CredentialHash => "API-key hash",
        KeyringKind.RowSeal => "row-seal",
        KeyringKind.Cursor => "cursor",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private WrappingKey OpenMasterKey(RootKey rootKey)
    {
        RootWrapper[] candidates = [.. _wrappers.Where(wrapper => wrapper.RootKeyId == rootKey.Id)];
        if (candidates.Length == 0)
            throw new RootKeyException(
                $"The root key does not match this database: the one from {rootKey.Source} is {rootKey.Id}, the database was sealed with "
                + $"{RootKeyIds}. Use that one, or the data directory that belongs to this root key.");

        return candidates.Select(wrapper => RootKeyWrap.TryOpen(rootKey, wrapper)).FirstOrDefault(masterKey => masterKey is not null)
            ?? throw new StoreUnusableException(
                $"The wrapped master key {candidates[0].MasterKeyId} (wrapper {candidates[0].WrapperId}) does not open although the root "
                + "key is the right one: its row was changed, moved or damaged. Restore the database from a backup.");
    }

    /// <summary>The keys of a kind, newest last; at least one.</summary>
    private KeyringEntry[] EntriesOf(KeyringKind kind)
    {
        KeyringEntry[] entries = [.. _systemKeys.Where(entry => entry.Kind == kind).OrderBy(entry => entry.Version)];
        return entries.Length > 0
            ? entries
            : throw new StoreUnusableException(
                $"The database has a master key but no {NameOf(kind)} key: its row in keyring is lost. "
                + "Restore the database from a backup.");
    }
}
