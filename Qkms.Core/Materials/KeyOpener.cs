using Qkms.Core.Keys;

namespace Qkms.Core.Materials;

/// <summary>Finds the key that a request means and opens it: where every use of a key begins.</summary>
public sealed class KeyOpener(KeyResolver resolver, MaterialCache materials)
{
    /// <summary>The key that <paramref name="choice"/> means, fit for <paramref name="operation"/>.</summary>
    /// <exception cref="KmsException">What <see cref="KeyResolver.ChooseAsync"/> refuses.</exception>
    public async ValueTask<OpenedKey> OpenAsync(Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        long generation = materials.Generation;
        ChosenKey chosen = await resolver.ChooseAsync(caller, choice, operation, cancellationToken);
        return new OpenedKey(chosen, await materials.RentAsync(chosen.Version, generation, cancellationToken));
    }

    /// <summary>The key with an internal id, fit for <paramref name="operation"/>; null when there is none that the caller may know of.</summary>
    /// <exception cref="KmsException">What <see cref="KeyResolver.FindAsync"/> refuses.</exception>
    public async ValueTask<OpenedKey?> TryOpenAsync(Caller caller, KeyVersionId versionId, KeyOperation operation, CancellationToken cancellationToken)
    {
        long generation = materials.Generation;
        return await resolver.FindAsync(caller, versionId, operation, cancellationToken) is { } version
            ? new OpenedKey(new ChosenKey(version, RequestedKid: null), await materials.RentAsync(version, generation, cancellationToken))
            : null;
    }
}
