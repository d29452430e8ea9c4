using Qkms.Core.Callers;
using Qkms.Core.Idempotency;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Store;

namespace Qkms.Core.Lifecycle;

/// <summary>Changes the state of one version: reads it, plans the next row, and writes that if nothing else was faster.</summary>
internal sealed class StateChanges(IKmsStore store, Changes changes, KeyPlanner planner, KeyWriter writer, TimeProvider time)
{
    /// <summary>Makes a change.</summary>
    /// <param name="caller">For whom.</param>
    /// <param name="request">The request, if its sender may repeat it.</param>
    /// <param name="find">Reads the version and its key, or refuses.</param>
    /// <param name="transition">The next row of the version at a time, the same object when nothing changes, or a refusal.</param>
    /// <param name="toResult">What the sender is told and may be told again.</param>
    /// <param name="action">What happens, for the journal.</param>
    /// <param name="reasonOf">The reason that was given, or what changes from one row to the next.</param>
    /// <param name="cancellationToken">Honoured until the work is queued.</param>
    internal async Task<Done<T>> MakeAsync<T>(
        Caller caller,
        RepeatableRequest? request,
        Func<IKmsSession, Task<KeyAndVersion>> find,
        Func<KeyVersion, DateTimeOffset, KeyVersion> transition,
        Func<KeyVersion, T> toResult,
        string action,
        Func<KeyVersion, KeyVersion, string?> reasonOf,
        CancellationToken cancellationToken)
        where T : IKeepable<T>
    {
        return await changes.WriteAsync(caller, request, await PlanAsync(), PlanAsync, cancellationToken);

        async Task<PlannedChange<T>> PlanAsync()
        {
            (Key key, KeyVersion before) = await store.ReadAsync(find, cancellationToken);
            caller.Touch(before);
            DateTimeOffset now = time.GetUtcMilliseconds();
            KeyVersion after = transition(before, now);
            KeyPlan plan = planner.Change(JournalActor.Of(caller), key, before, after, action, reasonOf(before, after));
            return new PlannedChange<T>(toResult(after), now, session => writer.TryWriteAsync(session, plan));
        }
    }
}
