using Qkms.Core.Callers;
using Qkms.Core.Keys;
using Qkms.Core.Store;

namespace Qkms.Core.Uses;

/// <summary>
/// Shows single versions, by what their use goes by too: from memory while that is fresh, so that whoever asks again and again reads
/// nothing. What this node has changed or counted is in it at once, and what others have within <see cref="FreshnessLimit.MaxAge"/>.
/// </summary>
internal sealed class VersionReader(KeyStateCache states, IKmsStore store, MissingKeys missing)
{
    /// <summary>The version that a kid names.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>.</exception>
    public async ValueTask<KeyVersion> GetAsync(Caller caller, Kid kid, CancellationToken cancellationToken)
    {
        // A kid says nothing of its name, so one outside the API key's narrowing is as absent as one that does not exist.
        caller.Asked = new AskedKey(kid);
        KeyAndVersion? found = await states.FindAsync(caller.TenantId, kid, cancellationToken);
        return found is { Version.Address: var address } && address.Owner == KeyOwner.Tenant && caller.Access.Covers(address.Name)
            ? Shown(caller, found)
            : throw KmsErrors.KeyVersionNotFound.Refusal();
    }

    /// <summary>The version with a number of a key.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>.</exception>
    public async ValueTask<KeyVersion> GetAsync(Caller caller, KeySelector key, int number, CancellationToken cancellationToken)
    {
        KeyAddress address = key.For(caller, number);
        return await states.FindAsync(address, number, cancellationToken) is { } found
            ? Shown(caller, found)
            : throw await MissingAsync(new MissingKey(address, number), cancellationToken);
    }

    /// <summary>The version in the active slot of a key; its status may be expired.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>.</exception>
    public async ValueTask<KeyVersion> GetActiveAsync(Caller caller, KeySelector key, CancellationToken cancellationToken)
    {
        KeyAddress address = key.For(caller);
        return await states.FindActiveAsync(address, cancellationToken) is { } found
            ? Shown(caller, found)
            : throw await MissingAsync(new MissingKey(address), cancellationToken);
    }

    private KeyVersion Shown(Caller caller, KeyAndVersion found)
    {
        caller.Touch(found.Version);
        return states.WithUses(found.Version);
    }

    private Task<KmsException> MissingAsync(MissingKey key, CancellationToken cancellationToken) =>
        store.ReadAsync(session => missing.RefusalAsync(session, key), cancellationToken);
}
