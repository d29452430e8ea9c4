using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Errors;
using Qkms.Core.Keys;
using Qkms.Core.Names;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Uses;

/// <summary>Finds the key that a request means and opens it: where every use of a key begins.</summary>
public sealed class KeyOpener(KeyResolver resolver, MaterialCache materials, OperationMetrics metrics)
{
    /// <summary>The key that <paramref name="choice"/> means, fit for <paramref name="operation"/>.</summary>
    /// <exception cref="KmsException">What <see cref="KeyResolver.ChooseAsync"/> refuses.</exception>
    public async ValueTask<OpenedKey> OpenAsync(Caller caller, KeyChoice choice, KeyOperation operation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(choice);
        long begun = OperationMetrics.Begin();
        try
        {
            long generation = materials.Generation;
            ChosenKey chosen = await resolver.ChooseAsync(caller, choice, operation, cancellationToken);
            MaterialLease lease = await materials.RentAsync(chosen.Version, generation, cancellationToken);
            return new OpenedKey(chosen, lease, metrics, operation, caller.TenantId, begun);
        }
        catch (Exception e) when (begun != 0)
        {
            // A kid does not say of which algorithm it is.
            KeyAlgorithm? algorithm = choice.Kid is null ? choice.Algorithm ?? choice.DefaultAlgorithm : null;
            metrics.Record(begun, OperationNames.Of(operation), algorithm, caller.TenantId, Outcomes.Of(e));
            throw;
        }
    }

    /// <summary>The key with an internal id, fit for <paramref name="operation"/>; null when there is none that the caller may know of.</summary>
    /// <exception cref="KmsException">What <see cref="KeyResolver.FindAsync"/> refuses.</exception>
    public async ValueTask<OpenedKey?> TryOpenAsync(Caller caller, KeyVersionId versionId, KeyOperation operation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(caller);
        long begun = OperationMetrics.Begin();
        try
        {
            long generation = materials.Generation;
            if (await resolver.FindAsync(caller, versionId, operation, cancellationToken) is { } version)
            {
                MaterialLease lease = await materials.RentAsync(version, generation, cancellationToken);
                return new OpenedKey(new ChosenKey(version, RequestedKid: null), lease, metrics, operation, caller.TenantId, begun);
            }
        }
        catch (Exception e) when (begun != 0)
        {
            metrics.Record(begun, OperationNames.Of(operation), algorithm: null, caller.TenantId, Outcomes.Of(e));
            throw;
        }

        metrics.Record(begun, OperationNames.Of(operation), algorithm: null, caller.TenantId, Outcomes.Refused);
        return null;
    }
}
