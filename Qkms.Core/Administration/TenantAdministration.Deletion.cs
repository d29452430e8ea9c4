using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Lifecycle;
using Qkms.Core.Tenants;

namespace Qkms.Core.Administration;

/// <summary>Orders the deletion of tenants, and calls it off. What is due is deleted by <see cref="TenantDeletionSweep"/>.</summary>
internal sealed partial class TenantAdministration
{
    /// <summary>What is waited when the order does not say.</summary>
    public const int DefaultWaitingDays = KeyDestruction.MinWaitingDays;

    /// <summary>
    /// Orders the deletion of a tenant: from the commit on it is as if it was suspended. One that waits already keeps its date.
    /// </summary>
    /// <param name="caller">The operator.</param>
    /// <param name="id">The tenant.</param>
    /// <param name="waitingDays">
    /// How long it waits: <see cref="KeyDestruction.MinWaitingDays"/> to <see cref="KeyDestruction.MaxWaitingDays"/> days.
    /// </param>
    /// <param name="reason">Why, for the journal.</param>
    /// <param name="request">The request, if its sender may repeat it.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotFound"/>, <see cref="KmsErrors.OwnTenant"/>, <see cref="KmsErrors.TenantState"/>: it is deleted;
    /// <see cref="KmsErrors.NotPermitted"/>.
    /// </exception>
    public Task<Done<TenantInfo>> ScheduleDeletionAsync(
        Caller caller, TenantId id, int waitingDays, string? reason, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        TenantChange change = new(
            Permission.TenantsDelete, (_, _) => JournalActions.TenantDeletionScheduled, Transition, (_, _) => reason);
        return ChangeAsync(caller, id, change, request, cancellationToken);

        Tenant Transition(Tenant before)
        {
            if (id == caller.TenantId)
                throw KmsErrors.OwnTenant.With("An operator does not delete the tenant of his own API key, which would shut him out.");

            RequireThere(before);
            if (before.State == TenantState.PendingDeletion)
                return before;

            DateTimeOffset now = time.GetUtcMilliseconds();
            return before with
            {
                State = TenantState.PendingDeletion,
                StateBefore = before.State,
                DeleteOrderedAt = now,
                DeleteOrderedBy = caller.TenantId,
                DeleteAt = now.AddDays(waitingDays),
            };
        }
    }

    /// <summary>Calls the deletion of a tenant off: it is again what it was before. One that does not wait stays as it is.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.NotFound"/>, <see cref="KmsErrors.TenantState"/>: it is deleted; <see cref="KmsErrors.NotPermitted"/>.
    /// </exception>
    public Task<Done<TenantInfo>> CancelDeletionAsync(
        Caller caller, TenantId id, string? reason, RepeatableRequest? request, CancellationToken cancellationToken)
    {
        TenantChange change = new(
            Permission.TenantsCancelDeletion, (_, _) => JournalActions.TenantDeletionCancelled, Transition, (_, _) => reason);
        return ChangeAsync(caller, id, change, request, cancellationToken);

        static Tenant Transition(Tenant before)
        {
            RequireThere(before);
            return before is { State: TenantState.PendingDeletion, StateBefore: { } state }
                ? before with { State = state, StateBefore = null, DeleteOrderedAt = null, DeleteOrderedBy = null, DeleteAt = null }
                : before;
        }
    }

    private static void RequireThere(Tenant tenant)
    {
        if (tenant.State == TenantState.Deleted)
            throw KmsErrors.TenantState.With("The tenant is deleted: nothing of it can be changed.");
    }

    // What it is again when the deletion is called off is decided then.
    private static Tenant Changeable(Tenant tenant)
    {
        RequireThere(tenant);
        return tenant.State == TenantState.PendingDeletion
            ? throw KmsErrors.TenantState.With("The tenant waits for its deletion, and is refused meanwhile: cancel that first.")
            : tenant;
    }
}
