using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>The keys that the running service works with, once the root key has opened the database.</summary>
internal sealed class Keyring(TimeProvider time, IdGenerator ids) : IDisposable
{
    private KeyringKeys? _keys;

    /// <summary>Whether the keys are there.</summary>
    public bool IsOpen => _keys is not null;

    /// <summary>Seals rows: the newest of its kind.</summary>
    public WrappingKey RowSealKey => Keys.RowSealKeys[^1];

    /// <summary>Every key that a row may have been sealed with, the newest last.</summary>
    public IReadOnlyList<WrappingKey> RowSealKeys => Keys.RowSealKeys;

    /// <summary>Authenticates page cursors.</summary>
    public WrappingKey CursorKey => Keys.CursorKey;

    /// <summary>Hashes new API keys: the newest of its kind.</summary>
    public WrappingKey CredentialHashKey => Keys.CredentialHashKeys[^1];

    /// <summary>Authenticates new events of the journal: the newest of its kind.</summary>
    public WrappingKey JournalKey => Keys.JournalKeys[^1];

    /// <summary>Every key that an event may have been authenticated with, the newest last.</summary>
    public IReadOnlyList<WrappingKey> JournalKeys => Keys.JournalKeys;

    /// <summary>Wraps the secrets of new credentials that need theirs again: the newest of its kind.</summary>
    public WrappingKey CredentialSecretKey => Keys.CredentialSecretKeys[^1];

    /// <summary>Every key that the secret of a credential may have been wrapped with, the newest last.</summary>
    public IReadOnlyList<WrappingKey> CredentialSecretKeys => Keys.CredentialSecretKeys;

    private KeyringKeys Keys => _keys ?? throw new InvalidOperationException("The keyring is not open yet.");

    /// <summary>Every key that an API key may have been hashed with, the newest last.</summary>
    public IReadOnlyList<WrappingKey> CredentialHashKeys => Keys.CredentialHashKeys;

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
        if (Interlocked.CompareExchange(ref _keys, keys, null) is null)
            return;

        keys.Dispose();
        throw new InvalidOperationException("The keyring is open already.");
    }
}
