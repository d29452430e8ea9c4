using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Rotations;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>Rotates the version that a kid names, now.</summary>
internal sealed class KeyRotations(
    IKmsStore store,
    Changes changes,
    KeyRows rows,
    Successors successors,
    KeyWriter writer,
    TenantKeys tenantKeys,
    OperationMetrics metrics)
{
    /// <summary>Makes the successor of a version; the version is retired if it was active.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, or as <see cref="Successors.FindAsync"/>.</exception>
    public Task<Done<KeyRotation>> RotateAsync(
        Caller caller, RotationOrder order, RepeatableRequest? request, CancellationToken cancellationToken) =>
        changes.OnceAsync(
            caller,
            request,
            () => store.ReadAsync(session => rows.FindWithKeyAsync(session, caller, order.Kid), cancellationToken),
            () => metrics.MeasureAsync(
                OperationMetrics.Begin(),
                OperationNames.RotateKey,
                order.Algorithm,
                caller,
                RotateNowAsync(caller, order, request, cancellationToken)),
            cancellationToken);

    private async Task<Done<KeyRotation>> RotateNowAsync(
        Caller caller, RotationOrder order, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        (Succession found, KeyringEntry tenantKeyEntry) = await store.ReadAsync(
            async session => (await FindAsync(session), await tenantKeys.FindAsync(session, caller.TenantId)), cancellationToken);
        using NewKeyMaterial pair = await successors.GenerateAsync(found, cancellationToken);
        using WrappingKey tenantKey = tenantKeys.Open(tenantKeyEntry);

        return await changes.WriteAsync(
            caller,
            request,
            Plan(found),
            async () => Plan(await store.ReadAsync(FindAsync, cancellationToken)),
            cancellationToken);

        async Task<Succession> FindAsync(IKmsSession session) =>
            await successors.FindAsync(session, await rows.FindWithKeyAsync(session, caller, order.Kid), order);

        PlannedChange<KeyRotation> Plan(Succession found)
        {
            PlannedRotation planned = successors.Plan(JournalActor.Of(caller), found, order, pair, tenantKey);
            caller.Touch(planned.Rotation.Active);
            return new PlannedChange<KeyRotation>(
                planned.Rotation, planned.At, session => writer.TryWriteAsync(session, planned.Plans));
        }
    }
}
