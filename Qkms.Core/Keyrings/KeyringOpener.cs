using Microsoft.Extensions.Logging;
using Qkms.Core.AwsKms;
using Qkms.Core.Pkcs11;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>Opens the keyring at the start of the service, and makes it at the very first one.</summary>
internal sealed class KeyringOpener(
    IKmsStore store,
    IKeyringRepository keyringRepository,
    KeyringUpgrade upgrade,
    IRootKeyJournal rootKeyJournal,
    TimeProvider time,
    IdGenerator ids,
    Keyring keyring,
    ILogger<KeyringOpener> logger)
{
    /// <summary>After this the <see cref="Keyring"/> is open. To be called once, when the store is open.</summary>
    /// <exception cref="RootKeyException">There is no root key, it cannot be used, or it is not this database's.</exception>
    /// <exception cref="StoreUnusableException">The root key is the right one, and something that it protects is missing or
    /// does not open.</exception>
    /// <exception cref="KmsException">The database does not answer.</exception>
    public async Task<KeyringFacts> OpenAsync(RootKeyLocator rootKeys, CancellationToken cancellationToken)
    {
        using RootSecrets secrets = new(rootKeys);
        KeyringFacts facts = await OpenAsync(secrets, cancellationToken);
        rootKeys.Forget();
        return facts;
    }

    /// <summary>The same with whatever was given; it stays as it is.</summary>
    public async Task<KeyringFacts> OpenAsync(RootSecrets secrets, CancellationToken cancellationToken)
    {
        StoredKeyring stored = await StoredKeyring.ReadAsync(store, keyringRepository, cancellationToken);
        stored.RefuseIfOrphaned();

        RootKey? found = await stored.FindRootKeyAsync(secrets, cancellationToken);
        RootKey rootKey = found ?? MakeRootKey(secrets, stored);
        if (stored.IsNew)
            stored = await InitializeAsync(rootKey, cancellationToken);

        if (stored.IsFormer(rootKey))
        {
            await upgrade.RunAsync(rootKey, cancellationToken);
            stored = await StoredKeyring.ReadAsync(store, keyringRepository, cancellationToken);
        }

        if (stored.LacksJournalKey)
        {
            await upgrade.BeginJournalAsync(rootKey, cancellationToken);
            stored = await StoredKeyring.ReadAsync(store, keyringRepository, cancellationToken);
        }

        if (stored.LacksCredentialSecretKey)
        {
            await upgrade.AddCredentialSecretKeyAsync(rootKey, cancellationToken);
            stored = await StoredKeyring.ReadAsync(store, keyringRepository, cancellationToken);
        }

        if (stored.Set is null)
            await upgrade.BeginSetAsync(rootKey, cancellationToken);

        keyring.Install(stored.Open(rootKey));
        await RefuseOldRootKeysAsync(cancellationToken);
        KeyringFacts facts = new(rootKey.Source, rootKey.Id, RootKeyMade: found is null, secrets.Locator.IsBesideData(rootKey));
        ProtectionLog.KeyringOpened(logger, facts.RootKeyId, facts.RootKeySource);
        if (secrets.Located is { } located && stored.Wrappers.All(wrapper => wrapper.RootKeyId != located.Id))
            ProtectionLog.RootKeyOpensNothing(logger, located.Id, located.Source);

        return facts;
    }

    // What the journal tells is read first: a set that is changed meanwhile is newer then, and not older.
    private async Task RefuseOldRootKeysAsync(CancellationToken cancellationToken)
    {
        string? problem = await store.ReadAsync(
            async session =>
            {
                ToldRootWrapperSet? told = await rootKeyJournal.FindNewestAsync(session);
                return keyring.FindProblem(await StoredKeyring.ReadAsync(session, keyringRepository), told);
            },
            cancellationToken);
        if (problem is not null)
            throw new StoreUnusableException(
                $"The root keys of the database do not match their protection: {problem}. Restore the database from a backup.");
    }

    /// <summary>
    /// Only for a database that is this process's own and holds nothing yet: anywhere else a root key exists, and a new one would
    /// hide that it is missing.
    /// </summary>
    private RootKey MakeRootKey(RootSecrets secrets, StoredKeyring stored)
    {
        if (!stored.IsNew || !store.IsEmbedded)
            throw new RootKeyException(NoRootKey(secrets, stored));

        RootKey made = secrets.Locator.Create();
        secrets.Present(made);
        ProtectionLog.RootKeyMade(logger, made.Id, made.Source);
        return made;
    }

    private static string NoRootKey(RootSecrets secrets, StoredKeyring stored)
    {
        if (!stored.IsNew && secrets.Passphrases is [Passphrase given, ..])
            return $"The passphrase from {given.Source} does not open this database, which was sealed with root key {stored.RootKeyIds}.";

        if (!stored.IsNew && secrets.Token is { } token)
            return $"No root key of this database is sealed by the key that {TokenVariables.Uri} names ({token.Uri}): it was sealed with "
                + $"root key {stored.RootKeyIds}.";

        if (!stored.IsNew && secrets.OtherKms is { } other)
            return $"No root key of this database is sealed by the key that {AwsKmsEnvironment.KeyVariable} names ({other.Key}): it was "
                + $"sealed with root key {stored.RootKeyIds}.";

        string need = stored.IsNew
            ? "This database is shared, so its root key is not made here: make one (openssl rand -base64 32) and give it to every node."
            : $"This database was sealed with root key {stored.RootKeyIds}: give that one{OtherKinds(stored)}.";
        return $"There is no root key: neither {RootKeyEnvironment.FileVariable} nor systemd's credential {RootKeyLocator.CredentialName} "
            + $"nor {RootKeyEnvironment.ValueVariable} is set, and {secrets.Locator.DefaultPath} does not exist. {need}";
    }

    private static string OtherKinds(StoredKeyring stored) =>
        (Has(stored, SharesKind.KindName) ? ", or its shares" : "")
        + (Has(stored, Pkcs11Kind.KindName) ? $", or the token, with {TokenVariables.Module} and {TokenVariables.Uri}" : "")
        + (Has(stored, AwsKmsKind.KindName)
            ? $", or the other KMS, with {AwsKmsEnvironment.RegionVariable} and {AwsKmsEnvironment.KeyVariable}"
            : "");

    private static bool Has(StoredKeyring stored, string kind) => stored.Wrappers.Any(wrapper => wrapper.Kind == kind);

    /// <summary>
    /// Writes a new master key and its keyring, unless another node was first; then that one's stand. Answers what the database holds now.
    /// </summary>
    private async Task<StoredKeyring> InitializeAsync(RootKey rootKey, CancellationToken cancellationToken)
    {
        using WrappingKey masterKey = new(ids.Next(), SecretBytes.Random(WrappingKey.Size));
        DateTimeOffset now = time.GetUtcNow();
        RootWrapper wrapper = RootKeyWrap.Create(rootKey, masterKey, ids.Next(), now);
        RootWrapperSet set = RootWrapperSet.Of(masterKey, epoch: 1, [wrapper]);
        KeyringEntry[] entries =
        [
            .. StoredKeyring.SystemKinds.Select(
                kind => KeyringKeyWrap.Create(masterKey, ids.Next(), kind, tenantId: null, version: 1, now)),
        ];

        try
        {
            if (await store.WriteAsync(session => InsertUnlessThereAsync(session, wrapper, set, entries), cancellationToken))
                ProtectionLog.MasterKeyMade(logger, masterKey.Id, rootKey.Id);
            else
                ProtectionLog.MasterKeyMadeElsewhere(logger);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Where units run side by side, two may both find nothing; the database then refuses the second by its unique index.
            StoredKeyring others = await StoredKeyring.ReadAsync(store, keyringRepository, cancellationToken);
            if (others.IsNew)
                throw;

            ProtectionLog.MasterKeyMadeElsewhere(logger);
            return others;
        }

        return await StoredKeyring.ReadAsync(store, keyringRepository, cancellationToken);
    }

    private async Task<bool> InsertUnlessThereAsync(
        IKmsSession session, RootWrapper wrapper, RootWrapperSet set, KeyringEntry[] entries)
    {
        if ((await keyringRepository.ListRootWrappersAsync(session)).Count > 0)
            return false;

        await keyringRepository.InsertRootWrapperAsync(session, wrapper);
        await keyringRepository.InsertRootWrapperSetAsync(session, set);
        foreach (KeyringEntry entry in entries)
            await keyringRepository.InsertAsync(session, entry);

        return true;
    }
}

/// <summary>How the keyring was opened, for the start-up line.</summary>
/// <param name="RootKeySource">Where the root key came from.</param>
/// <param name="RootKeyId">Its id.</param>
/// <param name="RootKeyMade">It was made at this start.</param>
/// <param name="RootKeyBesideData">It lies in the data directory, so that a copy of that directory holds both: to be warned of
/// outside Development.</param>
internal sealed record KeyringFacts(string RootKeySource, string RootKeyId, bool RootKeyMade, bool RootKeyBesideData);
