using Qkms.Core.Callers;
using Qkms.Core.Journal;
using Qkms.Core.Store;

namespace Qkms.Core.Aliases;

/// <summary>Aliases in the database. Every statement carries the tenant.</summary>
internal interface IAliasRepository
{
    /// <summary>An alias and the newest event about it, both of one moment, as they are stored.</summary>
    Task<StoredAlias> FindAsync(IKmsSession session, TenantId tenantId, AliasName name);

    /// <summary>The row of an alias, or null, held until the unit ends. The row of its key is locked before it.</summary>
    Task<Sealed<Alias>?> LockAsync(IKmsSession session, TenantId tenantId, AliasName name);

    /// <summary>The rows of the aliases of a key, by their names. The unit holds the key.</summary>
    Task<IReadOnlyList<Sealed<Alias>>> ListOfKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId);

    /// <summary>How many aliases a key has.</summary>
    Task<long> CountOfKeyAsync(IKmsSession session, TenantId tenantId, KeyId keyId);

    /// <summary>Whether a tenant has more aliases than so many.</summary>
    Task<bool> HasMoreThanAsync(IKmsSession session, TenantId tenantId, int most);

    /// <summary>Aliases of the tenant's own keys, by their names, each with the newest event about it.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="keyId">Only those of this key; null = all.</param>
    /// <param name="scope">Only those of keys with these names.</param>
    /// <param name="after">Only those behind this name; null = from the first.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<StoredAlias>> ListAsync(
        IKmsSession session, TenantId tenantId, KeyId? keyId, KeyScope scope, AliasName? after, int limit);

    /// <summary>Adds an alias; false when the name is taken.</summary>
    Task<bool> InsertAsync(IKmsSession session, Sealed<Alias> alias);

    /// <summary>
    /// Writes an alias whose <see cref="Alias.RowVersion"/> was raised by one; false when the row is not the one that was read.
    /// </summary>
    Task<bool> UpdateAsync(IKmsSession session, Sealed<Alias> alias);

    /// <summary>Removes an alias as it was read; false when it is not so any more.</summary>
    Task<bool> DeleteAsync(IKmsSession session, Alias alias);
}

/// <summary>An alias as the database holds it; nothing of it is checked.</summary>
/// <param name="Name">The name.</param>
/// <param name="Row">Its row; null when there is none.</param>
/// <param name="Newest">The newest event about the name; null when there is none.</param>
internal sealed record StoredAlias(AliasName Name, Sealed<Alias>? Row, StoredEvent? Newest);
