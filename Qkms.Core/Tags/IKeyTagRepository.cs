using Qkms.Core.Store;

namespace Qkms.Core.Tags;

/// <summary>The tags of keys in the database. Every statement carries the tenant. Whoever writes holds the row of the key.</summary>
internal interface IKeyTagRepository
{
    /// <summary>The tags of a key; null when it has had none.</summary>
    Task<Sealed<KeyTags>?> FindAsync(IKmsSession session, TenantId tenantId, KeyId keyId);

    /// <summary>Adds the first tags of a key; false when it has a row.</summary>
    Task<bool> InsertAsync(IKmsSession session, Sealed<KeyTags> tags);

    /// <summary>
    /// Writes tags whose <see cref="KeyTags.RowVersion"/> was raised by one; false when the row is not the one that was read.
    /// </summary>
    Task<bool> UpdateAsync(IKmsSession session, Sealed<KeyTags> tags);

    /// <summary>Removes the tags of a key; false when there are none.</summary>
    Task<bool> DeleteAsync(IKmsSession session, TenantId tenantId, KeyId keyId);
}
