using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>The keyring as the database holds it, still wrapped.</summary>
internal sealed class StoredKeyring
{
    // Nodes that change the wrappings all the time do not keep another one from seeing them as they were at one moment.
    private const int MostLooks = 20;

    private readonly IReadOnlyList<RootWrapper> _wrappers;
    private readonly RootWrapperSet? _set;
    private readonly IReadOnlyList<KeyringEntry> _systemKeys;
    private readonly bool _orphaned;

    private StoredKeyring(
        IReadOnlyList<RootWrapper> wrappers, RootWrapperSet? set, IReadOnlyList<KeyringEntry> systemKeys, bool orphaned) =>
        (_wrappers, _set, _systemKeys, _orphaned) = (wrappers, set, systemKeys, orphaned);

    /// <summary>The kinds of which every database has at least one key.</summary>
    public static IReadOnlyList<KeyringKind> SystemKinds { get; } =
        [KeyringKind.CredentialHash, KeyringKind.RowSeal, KeyringKind.Cursor, KeyringKind.Journal, KeyringKind.CredentialSecret];

    // Those that a database of the build before seals named their key has.
    private static readonly KeyringKind[] _formerKinds = [KeyringKind.CredentialHash, KeyringKind.RowSeal, KeyringKind.Cursor];

    /// <summary>There is no master key yet.</summary>
    public bool IsNew => _wrappers.Count == 0;

    /// <summary>The wrappings of the master key.</summary>
    public IReadOnlyList<RootWrapper> Wrappers => _wrappers;

    /// <summary>Which of them count; null in a database of an earlier build, or where the row is lost.</summary>
    public RootWrapperSet? Set => _set;

    /// <summary>There is no journal key: an earlier build made the database, or its row is lost.</summary>
    public bool LacksJournalKey => !_systemKeys.Any(entry => entry.Kind == KeyringKind.Journal);

    /// <summary>There is no key for the secrets of credentials: an earlier build made the database, or its row is lost.</summary>
    public bool LacksCredentialSecretKey => !_systemKeys.Any(entry => entry.Kind == KeyringKind.CredentialSecret);

    /// <summary>The ids of the keys that belong to no tenant.</summary>
    public IEnumerable<Guid> SystemKeyIds => _systemKeys.Select(entry => entry.Id);

    /// <summary>The ids of the root keys that open it, for messages.</summary>
    public string RootKeyIds => string.Join(" or ", _wrappers.Select(
        wrapper => wrapper.Kind == RootKeyWrap.RootKeyKind ? wrapper.RootKeyId : $"{wrapper.RootKeyId} ({wrapper.Kind})"));

    public static Task<StoredKeyring> ReadAsync(
        IKmsStore store, IKeyringRepository keyringRepository, CancellationToken cancellationToken) =>
        store.ReadAsync(session => ReadAsync(session, keyringRepository), cancellationToken);

    public static async Task<StoredKeyring> ReadAsync(IKmsSession session, IKeyringRepository keyringRepository)
    {
        // Every statement sees the newest commit, and another node may be at its first start just now: what was there before
        // the wrappers were read, while they are not, was not written together with them.
        bool inUse = (await keyringRepository.ListSystemKeysAsync(session)).Count > 0
            || await keyringRepository.HasRowsOfTenantsAsync(session);
        (IReadOnlyList<RootWrapper> wrappers, RootWrapperSet? set) = await ReadWrappersAsync(session, keyringRepository);
        IReadOnlyList<KeyringEntry> systemKeys = await keyringRepository.ListSystemKeysAsync(session);
        return new StoredKeyring(wrappers, set, systemKeys, orphaned: wrappers.Count == 0 && inUse);
    }

    // They may be changed between two statements: what stands between two looks at the same set belongs to it.
    private static async Task<(IReadOnlyList<RootWrapper> Wrappers, RootWrapperSet? Set)> ReadWrappersAsync(
        IKmsSession session, IKeyringRepository keyringRepository)
    {
        RootWrapperSet? before = await keyringRepository.FindRootWrapperSetAsync(session);
        for (int look = 1; ; look++)
        {
            IReadOnlyList<RootWrapper> wrappers = await keyringRepository.ListRootWrappersAsync(session);
            RootWrapperSet? after = await keyringRepository.FindRootWrapperSetAsync(session);
            if (before?.Epoch == after?.Epoch || look == MostLooks)
                return (wrappers, after);

            before = after;
        }
    }

    /// <summary>
    /// The root key to open it with: the one of a wrapping where there is one at hand, otherwise whichever the environment names, which is
    /// another database's; null when none is at hand.
    /// </summary>
    /// <param name="secrets">What this process was given; the root key ends with it.</param>
    /// <param name="cancellationToken">Ends the wait for what lies elsewhere.</param>
    /// <exception cref="RootKeyException">Something is at hand that cannot be used.</exception>
    public async Task<RootKey?> FindRootKeyAsync(RootSecrets secrets, CancellationToken cancellationToken)
    {
        foreach (RootWrapper wrapper in _wrappers.OrderBy(OrderOf))
        {
            if (await secrets.FindAsync(wrapper, cancellationToken) is { } found)
                return found;
        }

        return secrets.Located;
    }

    // A token and another KMS are asked when nothing else opens: they may be far away, and a token counts what it is asked.
    private static int OrderOf(RootWrapper wrapper) => wrapper.Kind switch
    {
        RootKeyWrap.RootKeyKind => 0,
        Pkcs11Kind.KindName => 2,
        AwsKmsKind.KindName => 3,
        _ => 1,
    };

    /// <summary>What is wrong with the set of wrappings, or with what the journal tells of it; null when it holds.</summary>
    /// <param name="masterKey">The master key.</param>
    /// <param name="told">What the journal tells.</param>
    public string? FindProblem(WrappingKey masterKey, ToldRootWrapperSet? told)
    {
        if (_set is null)
            return told is null
                ? null
                : $"the row of root_wrapper_set is missing, and the journal tells of epoch {told.Epoch} of the root keys";

        if (!_set.Holds(masterKey, _wrappers))
            return $"the rows of root_wrappers are not those of epoch {_set.Epoch}, as root_wrapper_set names them: one was edited, added, "
                + "removed or put back";

        if (told is null || told.Epoch < _set.Epoch)
            return null;

        if (told.Epoch > _set.Epoch)
            return $"the root keys were put back to epoch {_set.Epoch}, and the journal tells of epoch {told.Epoch}";

        return told.Seal.AsSpan().SequenceEqual(_set.Seal)
            ? null
            : $"the root keys of epoch {_set.Epoch} are not those that the journal names";
    }

    /// <exception cref="StoreUnusableException">There are rows that only a master key can have sealed, and no master key.</exception>
    public void RefuseIfOrphaned()
    {
        if (_orphaned)
            throw new StoreUnusableException(
                "The database holds data but no master key: its row in root_wrappers is lost. Restore the database from a backup; a new "
                + "master key could not open anything.");
    }

    /// <summary>
    /// Whether an earlier build sealed the database, and it is still to be taken over. Only the wrapped master key says so: whoever wants
    /// that to happen again has to put back the master key's old row, and with it every other old key and row, because none of the new ones
    /// opens then.
    /// </summary>
    public bool IsFormer(RootKey rootKey)
    {
        RootWrapper[] candidates = CandidatesFor(rootKey);
        return !candidates.Any(wrapper => Opens(RootKeyWrap.TryOpen(rootKey, wrapper)))
            && candidates.Any(wrapper => Opens(RootKeyWrap.TryOpenFormer(rootKey, wrapper)));
    }

    /// <summary>Every key of a database that is still to be taken over, opened.</summary>
    /// <exception cref="RootKeyException">The root key is another database's.</exception>
    /// <exception cref="StoreUnusableException">A key is missing or does not open.</exception>
    public FormerKeyring OpenFormer(RootKey rootKey)
    {
        RootWrapper[] wrappers = [.. CandidatesFor(rootKey).Where(wrapper => Opens(RootKeyWrap.TryOpenFormer(rootKey, wrapper)))];
        if (wrappers.Length == 0)
            throw NoMasterKey(rootKey);

        FormerKeyring former = new(RootKeyWrap.TryOpenFormer(rootKey, wrappers[0])!, wrappers);
        try
        {
            foreach (KeyringEntry entry in _formerKinds.SelectMany(EntriesOf))
                former.Add(entry, KeyringKeyWrap.TryOpenFormer(former.MasterKey, entry) ?? throw DoesNotOpen(entry));

            return former;
        }
        catch
        {
            former.Dispose();
            throw;
        }
    }

    private static bool Opens(WrappingKey? masterKey)
    {
        masterKey?.Dispose();
        return masterKey is not null;
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
                [.. EntriesOf(KeyringKind.RowSeal).Select(entry => Keep(OpenSystemKey(masterKey, entry)))],
                [.. EntriesOf(KeyringKind.Cursor).Select(entry => Keep(OpenSystemKey(masterKey, entry)))],
                [.. EntriesOf(KeyringKind.CredentialHash).Select(entry => Keep(OpenSystemKey(masterKey, entry)))],
                [.. EntriesOf(KeyringKind.Journal).Select(entry => Keep(OpenSystemKey(masterKey, entry)))],
                [.. EntriesOf(KeyringKind.CredentialSecret).Select(entry => Keep(OpenSystemKey(masterKey, entry)))]);
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

    /// <summary>What is needed to begin the journal of a database without a journal key; both keys end with the caller.</summary>
    /// <exception cref="RootKeyException">The root key is another database's.</exception>
    /// <exception cref="StoreUnusableException">A key is missing or does not open.</exception>
    public (WrappingKey MasterKey, WrappingKey RowSealKey) OpenForJournal(RootKey rootKey)
    {
        WrappingKey masterKey = OpenMasterKey(rootKey);
        try
        {
            return (masterKey, OpenSystemKey(masterKey, EntriesOf(KeyringKind.RowSeal)[^1]));
        }
        catch
        {
            masterKey.Dispose();
            throw;
        }
    }

    /// <summary>The master key alone, which ends with the caller.</summary>
    /// <exception cref="RootKeyException">The root key is another database's.</exception>
    /// <exception cref="StoreUnusableException">It does not open.</exception>
    public WrappingKey OpenMaster(RootKey rootKey) => OpenMasterKey(rootKey);

    /// <summary>What to throw where the key for the secrets of credentials is lost.</summary>
    public static StoreUnusableException NoCredentialSecretKey() => NoKeyOf(KeyringKind.CredentialSecret);

    /// <summary>What to throw where the journal key is lost.</summary>
    public static StoreUnusableException NoJournalKey() => NoKeyOf(KeyringKind.Journal);

    private static WrappingKey OpenSystemKey(WrappingKey masterKey, KeyringEntry entry) =>
        KeyringKeyWrap.TryOpen(masterKey, entry) ?? throw DoesNotOpen(entry);

    private static StoreUnusableException DoesNotOpen(KeyringEntry entry) =>
        new($"The {entry.Kind.ToWords()} key {entry.Id} (version {entry.Version}) of the keyring does not open: its row was changed, moved "
            + "or damaged. Restore the database from a backup.");

    private RootWrapper[] CandidatesFor(RootKey rootKey) => [.. _wrappers.Where(wrapper => wrapper.RootKeyId == rootKey.Id)];

    private WrappingKey OpenMasterKey(RootKey rootKey) =>
        CandidatesFor(rootKey).Select(wrapper => RootKeyWrap.TryOpen(rootKey, wrapper)).FirstOrDefault(masterKey => masterKey is not null)
        ?? throw NoMasterKey(rootKey);

    private Exception NoMasterKey(RootKey rootKey) => CandidatesFor(rootKey) is [RootWrapper candidate, ..]
        ? new StoreUnusableException(
            $"The wrapped master key {candidate.MasterKeyId} (wrapper {candidate.WrapperId}) does not open although the root key is the "
            + "right one: its row was changed, moved or damaged. Restore the database from a backup.")
        : new RootKeyException(
            $"The root key does not match this database: the one from {rootKey.Source} is {rootKey.Id}, the database was sealed with "
            + $"{RootKeyIds}. Use that one, or the data directory that belongs to this root key.");

    /// <summary>The keys of a kind, newest last; at least one.</summary>
    private KeyringEntry[] EntriesOf(KeyringKind kind)
    {
        KeyringEntry[] entries = [.. _systemKeys.Where(entry => entry.Kind == kind).OrderBy(entry => entry.Version)];
        return entries.Length > 0
            ? entries
            : throw NoKeyOf(kind);
    }

    private static StoreUnusableException NoKeyOf(KeyringKind kind) =>
        new($"The database has a master key but no {kind.ToWords()} key: its row in keyring is lost. Restore the database from a backup.");
}
