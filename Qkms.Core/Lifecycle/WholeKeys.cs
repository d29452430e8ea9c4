using System.Globalization;
using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Lists keys and changes them as a whole, by their ids: switches them on and off, describes them, orders their deletion and calls it off.
/// What is due is deleted by <see cref="KeyDeletionSweep"/>. Each change is one write, with its event in the journal.
/// </summary>
internal sealed class WholeKeys(
    IKmsStore store,
    IKeyRepository repository,
    KeysById keys,
    KeyRows rows,
    Changes changes,
    KeyPlanner planner,
    KeyWriter writer,
    ListCursor cursors,
    OperationMetrics metrics,
    TimeProvider time)
{
    /// <summary>The longest description, in characters.</summary>
    public const int MaxDescriptionLength = 8192;

    private const string List = "whole-keys";
    private const string BecauseOfDeletion = "The deletion of the key was ordered.";

    /// <summary>
    /// One page of the tenant's own keys that the caller may know of, oldest first; those whose versions are all destroyed are not among
    /// them. What is made while somebody pages comes behind. A row whose seal is broken hides no other, and is not hidden: by its id alone.
    /// </summary>
    /// <param name="caller">Whose keys.</param>
    /// <param name="cursor">Where the page before ended; null = from the oldest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> for a cursor that is not this list's.</exception>
    public async Task<(IReadOnlyList<KeyId> Keys, string? NextCursor)> ListAsync(
        Caller caller, string? cursor, int limit, CancellationToken cancellationToken)
    {
        KeyId? after = cursor is null ? null : new KeyId(cursors.Read(List, caller.TenantId, cursor));
        IReadOnlyList<Sealed<Key>> found = await store.ReadAsync(
            session => repository.ListKeysAsync(session, caller.TenantId, caller.Access.Scope, after, limit + 1), cancellationToken);
        KeyId[] page = [.. found.Take(limit).Select(row => row.UnverifiedRow.Id)];
        return (page, found.Count > limit ? cursors.Write(List, caller.TenantId, page[^1].Value) : null);
    }

    /// <summary>Switches a key on; one that is on stays as it is.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>; <see cref="KmsErrors.KeyDestroyed"/> for one that waits for its deletion.
    /// </exception>
    public Task<Key> EnableAsync(Caller caller, KeyId id, CancellationToken cancellationToken) => ChangeAsync(
        caller, id, OperationNames.EnableKey, JournalActions.KeyEnabled, (key, _) => KeyTransitions.Enable(key), null, cancellationToken);

    /// <summary>Switches a key off: none of its versions does anything until it is on again.</summary>
    /// <exception cref="KmsException">As above.</exception>
    public Task<Key> DisableAsync(Caller caller, KeyId id, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        id,
        OperationNames.DisableKey,
        JournalActions.KeyDisabled,
        (key, _) => KeyTransitions.Disable(key),
        null,
        cancellationToken);

    /// <summary>Gives a key another description; an empty one removes it.</summary>
    /// <exception cref="KmsException">As above.</exception>
    public Task<Key> DescribeAsync(Caller caller, KeyId id, string description, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        id,
        OperationNames.UpdateKey,
        JournalActions.KeyDescriptionUpdated,
        (key, _) => KeyTransitions.Describe(key, description),
        null,
        cancellationToken);

    /// <summary>Orders the deletion of a key: it does nothing from now on, and what it waits for is cancelled.</summary>
    /// <param name="caller">Who orders it.</param>
    /// <param name="id">The key.</param>
    /// <param name="waitingDays"><see cref="KeyDestruction.MinWaitingDays"/> to <see cref="KeyDestruction.MaxWaitingDays"/>.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    /// <exception cref="KmsException">As above.</exception>
    public Task<Key> ScheduleDeletionAsync(Caller caller, KeyId id, int waitingDays, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        id,
        OperationNames.ScheduleKeyDeletion,
        JournalActions.KeyDeletionScheduled,
        (key, now) => KeyTransitions.ScheduleDeletion(key, now.AddDays(waitingDays), now),
        key => key.DeleteAt!.Value.UtcDateTime.ToString("'for 'yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        cancellationToken);

    /// <summary>Calls the deletion of a key off: it is disabled then.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.KeyVersionNotFound"/>; <see cref="KmsErrors.KeyChanged"/> for one that does not wait;
    /// <see cref="KmsErrors.KeyDestroyed"/> for one whose deletion has begun.
    /// </exception>
    public Task<Key> CancelDeletionAsync(Caller caller, KeyId id, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        id,
        OperationNames.CancelKeyDeletion,
        JournalActions.KeyDeletionCancelled,
        (key, _) => KeyTransitions.CancelDeletion(key),
        null,
        cancellationToken);

    private Task<Key> ChangeAsync(
        Caller caller,
        KeyId id,
        string operation,
        string action,
        Func<Key, DateTimeOffset, Key> transition,
        Func<Key, string>? reasonOf,
        CancellationToken cancellationToken)
    {
        return metrics.MeasureAsync(OperationMetrics.Begin(), operation, algorithm: null, caller, MakeAsync());

        async Task<Key> MakeAsync()
        {
            // The plan that was made last is the one that was written.
            Key? result = null;
            await changes.WriteAsync(caller, request: null, await PlanAsync(), PlanAsync, cancellationToken);
            return result!;

            async Task<PlannedChange<Nothing>> PlanAsync()
            {
                (Key before, KeyVersion newest) = await store.ReadAsync(FindAsync, cancellationToken);
                caller.Touch(newest);
                caller.Asked = new AskedKey(null, Version: null, before.Address.Name, before.Address.Algorithm.Name);
                DateTimeOffset now = time.GetUtcMilliseconds();
                result = transition(before, now);
                KeyPlan plan = planner.Change(JournalActor.Of(caller), before, result, action, reasonOf?.Invoke(result));
                if (result.Enablement == KeyEnablement.PendingDeletion)
                    plan = plan with { Outdated = newest, OutdatedBecause = BecauseOfDeletion };

                return new PlannedChange<Nothing>(default, now, session => writer.TryWriteAsync(session, plan));
            }
        }

        // What waits for a rotation is the active version, or the newest where none is active.
        async Task<(Key Key, KeyVersion Newest)> FindAsync(IKmsSession session)
        {
            if (await keys.FindAsync(session, caller, id) is not { } key)
                throw KmsErrors.KeyVersionNotFound.Refusal();

            KeyAndVersion? found = key.ActiveKid is { } active
                ? await rows.FindWithKeyAsync(session, key.TenantId, active)
                : await rows.FindWithKeyAsync(session, key.Address, key.NextVersion - 1);
            return (key, found?.Version ?? throw new Sealing.SealBrokenException($"the versions of {key.LogName}"));
        }
    }
}
