using System.Collections.Concurrent;
using Qkms.Core.Callers;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Uses;

/// <summary>
/// Finds the tenant's own keys by their ids, for protocols that name keys that way. A key of another tenant, of a device, or outside the
/// caller's narrowing is not there.
/// </summary>
internal sealed class KeysById(IKmsStore store, KeyRows rows, KeyStateCache states)
{
    private const int MostRemembered = 10_000;

    // What an id names never changes.
    private readonly ConcurrentDictionary<(TenantId, KeyId), KeyAddress> _addresses = new();

    /// <summary>What a key is, or null; from memory where it was read before.</summary>
    /// <exception cref="SealBrokenException">Its row does not match its seal.</exception>
    public async ValueTask<KeyAddress?> FindAddressAsync(Caller caller, KeyId id, CancellationToken cancellationToken)
    {
        if (_addresses.TryGetValue((caller.TenantId, id), out KeyAddress? known))
            return caller.Access.Covers(known.Name) ? known : null;

        if (await FindAsync(caller, id, cancellationToken) is not { Address: var address })
            return null;

        if (_addresses.Count >= MostRemembered)
            _addresses.Clear();

        _addresses[(caller.TenantId, id)] = address;
        return address;
    }

    /// <summary>The key of a version, or null where the caller may not know of it.</summary>
    public async ValueTask<Key?> FindOfVersionAsync(Caller caller, KeyVersionId id, CancellationToken cancellationToken) =>
        await states.FindAsync(caller.TenantId, id, cancellationToken) is { Key: var key }
        && key.Address.Owner == KeyOwner.Tenant
        && caller.Access.Covers(key.Address.Name) ? key : null;

    /// <summary>A key as the database has it, or null; one without a version that is not destroyed is not there any more.</summary>
    /// <exception cref="SealBrokenException">As above.</exception>
    public async ValueTask<Key?> FindAsync(Caller caller, KeyId id, CancellationToken cancellationToken) =>
        await store.ReadAsync(session => FindAsync(session, caller, id), cancellationToken);

    /// <summary>The same in a unit that reads more.</summary>
    /// <exception cref="SealBrokenException">As above.</exception>
    public async Task<Key?> FindAsync(IKmsSession session, Caller caller, KeyId id) =>
        await rows.FindKeyAsync(session, caller.TenantId, id) is { IsGone: false } key
        && key.Address.Owner == KeyOwner.Tenant
        && caller.Access.Covers(key.Address.Name) ? key : null;
}
