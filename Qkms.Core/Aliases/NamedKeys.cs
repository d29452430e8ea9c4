using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Store;

namespace Qkms.Core.Aliases;

/// <summary>The keys that aliases and tags are given to: held while that is done, and only where their state allows it.</summary>
internal sealed class NamedKeys(IKeyRepository keys, RowSealer sealer)
{
    /// <summary>A key that the caller may know of, held until the unit ends.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, for a destroyed one too.</exception>
    /// <exception cref="Sealing.SealBrokenException">Its row does not match its seal.</exception>
    public async Task<Key> LockAsync(IKmsSession session, Caller caller, KeyId id) =>
        Require(caller, id, await keys.LockKeyAsync(session, caller.TenantId, id));

    /// <summary>The same, not held.</summary>
    /// <exception cref="KmsException">As above.</exception>
    /// <exception cref="Sealing.SealBrokenException">As above.</exception>
    public async Task<Key> GetAsync(IKmsSession session, Caller caller, KeyId id) =>
        Require(caller, id, await keys.FindKeyAsync(session, caller.TenantId, id));

    /// <summary>Whether the caller may know of a key, in whatever state it is.</summary>
    /// <exception cref="Sealing.SealBrokenException">Its row does not match its seal.</exception>
    public async Task<bool> MayKnowAsync(IKmsSession session, Caller caller, KeyId id) =>
        Known(caller, await keys.FindKeyAsync(session, caller.TenantId, id)) is not null;

    /// <summary>Refuses what is not done to a key that waits for its deletion.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyDestroyed"/>.</exception>
    public static void RefuseWaiting(Key key)
    {
        if (key.Enablement == KeyEnablement.PendingDeletion)
            throw KmsErrors.KeyDestroyed.With($"Key '{key.Id}' is pending deletion.");
    }

    private Key Require(Caller caller, KeyId id, Sealed<Key>? stored) => Known(caller, stored) is { IsGone: false } key
        ? key
        : throw KmsErrors.KeyVersionNotFound.With($"Key '{id}' does not exist");

    private Key? Known(Caller caller, Sealed<Key>? stored) => stored is not null
        && sealer.Open(stored) is { } key
        && key.Address.Owner == KeyOwner.Tenant
        && caller.Access.Covers(key.Address.Name) ? key : null;
}
