using Microsoft.Extensions.Logging;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>
/// Takes over a database that an earlier build sealed, at the first start of this one and before anything is served: in one unit every key
/// is wrapped anew with all of its row bound, a new row-seal key is made, and every row is sealed with it. Afterwards nothing accepts the
/// former form any more.
/// </summary>
internal sealed class KeyringUpgrade(
    IKmsStore store,
    IKeyringRepository keyringRepository,
    IFormerRows rows,
    IFormerJournal journal,
    IRootKeyJournal rootKeyJournal,
    TimeProvider time,
    IdGenerator ids,
    ILogger<KeyringUpgrade> logger)
{
    private const int PageSize = 500;

    /// <summary>Takes the database over, unless another node was faster.</summary>
    /// <exception cref="StoreUnusableException">A key does not open, or some rows were sealed by this build already.</exception>
    /// <exception cref="KmsException">The database does not answer.</exception>
    public async Task RunAsync(RootKey rootKey, CancellationToken cancellationToken)
    {
        if (await store.UpgradeAsync(session => TryUpgradeAsync(session, rootKey), cancellationToken) is not { } done)
            return;

        ProtectionLog.RowsTakenOver(logger, done.Rows, done.SealKeyId);
        foreach (string what in done.Broken)
            ProtectionLog.NotTakenOver(logger, what);
    }

    /// <summary>Makes the journal key and begins every tenant's stream, unless another node was faster.</summary>
    /// <exception cref="StoreUnusableException">Streams are there, so the journal key was too: its row is lost.</exception>
    /// <exception cref="KmsException">The database does not answer.</exception>
    public async Task BeginJournalAsync(RootKey rootKey, CancellationToken cancellationToken)
    {
        if (await store.UpgradeAsync(session => TryBeginJournalAsync(session, rootKey), cancellationToken) is { } tenants)
            ProtectionLog.JournalBegun(logger, tenants);
    }

    private async Task<int?> TryBeginJournalAsync(IKmsSession session, RootKey rootKey)
    {
        StoredKeyring stored = await StoredKeyring.ReadAsync(session, keyringRepository);
        if (!stored.LacksJournalKey)
            return null;

        (WrappingKey masterKey, WrappingKey rowSealKey) = stored.OpenForJournal(rootKey);
        using (masterKey)
        using (rowSealKey)
        {
            KeyringEntry made = KeyringKeyWrap.Create(
                masterKey, ids.Next(), KeyringKind.Journal, tenantId: null, version: 1, time.GetUtcNow());
            using WrappingKey journalKey = KeyringKeyWrap.TryOpen(masterKey, made)!;
            await keyringRepository.InsertAsync(session, made);
            return await journal.BeginAsync(session, rowSealKey, journalKey) ?? throw StoredKeyring.NoJournalKey();
        }
    }

    /// <summary>Makes the key for the secrets of credentials, unless another node was faster.</summary>
    /// <exception cref="StoreUnusableException">There are such secrets, so the key was there too: its row is lost.</exception>
    /// <exception cref="KmsException">The database does not answer.</exception>
    public async Task AddCredentialSecretKeyAsync(RootKey rootKey, CancellationToken cancellationToken)
    {
        if (await store.UpgradeAsync(session => TryAddCredentialSecretKeyAsync(session, rootKey), cancellationToken))
            ProtectionLog.CredentialSecretKeyMade(logger);
    }

    private async Task<bool> TryAddCredentialSecretKeyAsync(IKmsSession session, RootKey rootKey)
    {
        StoredKeyring stored = await StoredKeyring.ReadAsync(session, keyringRepository);
        if (!stored.LacksCredentialSecretKey)
            return false;

        if (await keyringRepository.HasSealedCredentialsAsync(session))
            throw StoredKeyring.NoCredentialSecretKey();

        using WrappingKey masterKey = stored.OpenMaster(rootKey);
        KeyringEntry made = KeyringKeyWrap.Create(
            masterKey, ids.Next(), KeyringKind.CredentialSecret, tenantId: null, version: 1, time.GetUtcNow());
        await keyringRepository.InsertAsync(session, made);
        return true;
    }

    /// <summary>
    /// Authenticates the one wrapping of the master key that an earlier build made, unless another node was faster.
    /// </summary>
    /// <exception cref="StoreUnusableException">No earlier build leaves a database like this: the set was there, and its row is lost.
    /// </exception>
    /// <exception cref="KmsException">The database does not answer.</exception>
    public Task BeginSetAsync(RootKey rootKey, CancellationToken cancellationToken) => store.UpgradeAsync(
        async session =>
        {
            StoredKeyring stored = await StoredKeyring.ReadAsync(session, keyringRepository);
            if (stored.Set is not null)
                return false;

            using WrappingKey masterKey = stored.OpenMaster(rootKey);
            if (stored.Wrappers.Count > 1 || await rootKeyJournal.TellsOfRootKeysAsync(session))
                throw new StoreUnusableException(
                    "The database has no row in root_wrapper_set although its root keys were changed: the row is lost. Restore the "
                    + "database from a backup.");

            await keyringRepository.InsertRootWrapperSetAsync(session, RootWrapperSet.Of(masterKey, epoch: 1, stored.Wrappers));
            return true;
        },
        cancellationToken);

    private async Task<UpgradeFacts?> TryUpgradeAsync(IKmsSession session, RootKey rootKey)
    {
        StoredKeyring stored = await StoredKeyring.ReadAsync(session, keyringRepository);
        if (!stored.IsFormer(rootKey))
            return null;

        using FormerKeyring former = stored.OpenFormer(rootKey);
        foreach (RootWrapper wrapper in former.Wrappers)
            await keyringRepository.UpdateWrappedAsync(session, RootKeyWrap.Wrap(rootKey, wrapper, former.MasterKey));

        foreach ((KeyringEntry entry, WrappingKey key) in former.SystemKeys)
            await keyringRepository.UpdateWrappedAsync(session, KeyringKeyWrap.Wrap(former.MasterKey, entry, key));

        List<string> broken = [];
        await WrapTenantKeysAsync(session, former.MasterKey, broken);

        (KeyringEntry old, WrappingKey oldKey) = former.RowSealKey;
        KeyringEntry made = KeyringKeyWrap.Create(
            former.MasterKey, ids.Next(), KeyringKind.RowSeal, tenantId: null, old.Version + 1, time.GetUtcNow());
        await keyringRepository.InsertAsync(session, made);
        using WrappingKey newKey = KeyringKeyWrap.TryOpen(former.MasterKey, made)!;
        int count = await rows.SealAnewAsync(session, oldKey, newKey, broken);
        return new UpgradeFacts(count, newKey.Id, broken);
    }

    // One that does not open stays as it is, and is refused when it is needed, as it was before.
    private async Task WrapTenantKeysAsync(IKmsSession session, WrappingKey masterKey, List<string> broken)
    {
        Guid? last = null;
        IReadOnlyList<KeyringEntry> page;
        do
        {
            page = await keyringRepository.ListTenantKeysAsync(session, last, PageSize);
            foreach (KeyringEntry entry in page)
            {
                last = entry.Id;
                using WrappingKey? key = KeyringKeyWrap.TryOpenFormer(masterKey, entry);
                if (key is null)
                    broken.Add($"the key of tenant {entry.TenantId}");
                else
                    await keyringRepository.UpdateWrappedAsync(session, KeyringKeyWrap.Wrap(masterKey, entry, key));
            }
        }
        while (page.Count == PageSize);
    }

    /// <summary>What was done.</summary>
    /// <param name="Rows">How many rows were sealed.</param>
    /// <param name="SealKeyId">The key that seals them.</param>
    /// <param name="Broken">What did not match its protection before, and does not now.</param>
    private sealed record UpgradeFacts(int Rows, Guid SealKeyId, IReadOnlyList<string> Broken);
}

/// <summary>The journal of a database that an earlier build made, while it is taken over.</summary>
internal interface IFormerJournal
{
    /// <summary>
    /// Begins the stream of every tenant: with an event that says which events were there before, and one for each key.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="rowSealKey">Seals the streams.</param>
    /// <param name="journalKey">Authenticates the events.</param>
    /// <returns>How many tenants there are; null when there are streams already, and nothing was written.</returns>
    Task<int?> BeginAsync(IKmsSession session, WrappingKey rowSealKey, WrappingKey journalKey);
}

/// <summary>The sealed rows of a database while it is taken over.</summary>
internal interface IFormerRows
{
    /// <summary>
    /// Checks the former seal of every row and seals it anew. A row whose seal does not hold stays as it is, and is refused from then on as
    /// it was before.
    /// </summary>
    /// <param name="session">The unit.</param>
    /// <param name="formerKey">The key that sealed them.</param>
    /// <param name="newKey">The key that seals them from now on.</param>
    /// <param name="broken">Takes the names of the rows that do not match.</param>
    /// <returns>How many were sealed.</returns>
    /// <exception cref="StoreUnusableException">Some row is in the new form already.</exception>
    Task<int> SealAnewAsync(IKmsSession session, WrappingKey formerKey, WrappingKey newKey, ICollection<string> broken);
}
