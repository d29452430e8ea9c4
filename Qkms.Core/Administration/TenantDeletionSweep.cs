using Microsoft.Extensions.Logging;
using Qkms.Core.ApiKeys;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Lifecycle;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
using Qkms.Core.Tenants;
using Qkms.Core.Uses;

namespace Qkms.Core.Administration;

/// <summary>
/// Deletes the tenants whose date has come. First, in one unit, zeros are written over the tenant's key, which makes all of its private
/// keys unreadable, the tenant is called deleted, and its journal ends; then its rows go, a piece at a time. Any number of nodes may do so
/// at once: whoever takes a step holds the tenant's row and looks what is to be done. One that was killed in between is gone on with.
/// </summary>
internal sealed partial class TenantDeletionSweep(
    IKmsStore store,
    ITenantRepository tenants,
    ITenantRemainsRepository remains,
    IKeyringRepository keyringRepository,
    IWrappedRowRepository wrapped,
    Keyring keyring,
    RowSealer sealer,
    IJournalRepository journalRepository,
    JournalWriter journal,
    ApiKeyAuthenticator authenticator,
    MaterialCache materials,
    ObservedTime observed,
    IntegrityAlarm alarm,
    IdGenerator ids,
    TimeProvider time,
    ILogger<TenantDeletionSweep> logger)
{
    /// <summary>How many rows go at once: other writes wait for some milliseconds.</summary>
    internal const int Piece = 500;

    private const int PageSize = 100;

    private static readonly JournalActor _actor = JournalActor.System("tenant deletion");

    // True at first: the process before this one may have been killed between a deletion and this.
    private volatile bool _mayHaveLeftTraces = true;

    /// <summary>Deletes what is due, and has the database erase what that left in its files; the number of tenants that are gone.</summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.Unavailable"/>, after every tenant was tried; the next sweep takes what this one left.
    /// </exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // What is due is asked of the clock that was just found right, not of one that may jump in between.
        DateTimeOffset now = time.GetUtcMilliseconds();
        bool isClockRight = await observed.LookAsync(cancellationToken);
        int done = 0;
        int left = 0;
        KmsException? refusal = null;
        DueTenant? last = null;
        IReadOnlyList<DueTenant> page;
        do
        {
            page = await store.ReadAsync(session => tenants.ListDueForDeletionAsync(session, now, last, PageSize), cancellationToken);
            foreach (DueTenant due in page)
            {
                last = due;
                try
                {
                    bool isDone = await TryDeleteAsync(due, isClockRight, now, cancellationToken);
                    done += isDone ? 1 : 0;
                    left += isDone ? 0 : 1;
                }
                catch (KmsException e)
                {
                    // Somebody holds its row, or the database is away, which the others will find too.
                    refusal = e;
                    left++;
                }
            }
        }
        while (page.Count == PageSize);

        KmsMeter.OverdueTenants.Record(left);
        if (_mayHaveLeftTraces)
            _mayHaveLeftTraces = !await store.EraseRemainsAsync(cancellationToken);

        return refusal is null ? done : throw refusal;
    }

    private async Task<bool> TryDeleteAsync(DueTenant due, bool isClockRight, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (due.Id is not { } id)
        {
            await alarm.RaiseAsync(caller: null, $"the row of a tenant with the id {Convert.ToHexString(due.StoredId)}");
            return false;
        }

        try
        {
            if (isClockRight && await DestroyKeyAsync(id, now, cancellationToken))
            {
                _mayHaveLeftTraces = true;
                LogDeleted(logger, id.Value);
            }

            if (!await RemoveRowsAsync(id, cancellationToken))
                return false;

            LogErased(logger, id.Value);
            return true;
        }
        catch (SealBrokenException e)
        {
            await alarm.RaiseAsync(id, e.What);
            return false;
        }
        catch (Exception e) when (e is not (KmsException or OperationCanceledException))
        {
            LogNotDeleted(logger, id.Value, e);
            return false;
        }
    }

    // False when its time has not come, not any more, or when somebody else was faster.
    private async Task<bool> DestroyKeyAsync(TenantId id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Tenant? tenant = await store.ReadAsync(session => FindAsync(session, id), cancellationToken);
        if (tenant?.State != TenantState.PendingDeletion)
            return false;

        try
        {
            IReadOnlyList<KeyringEntry> keys = await FindKeysAsync(tenant, cancellationToken);
            return await store.WriteAsync(session => TryDestroyKeyAsync(session, tenant, keys, now), cancellationToken);
        }
        catch (SealBrokenException)
        {
            // What is read after the tenant need not belong to it any more: another node may have deleted it in between.
            Tenant? after = await store.ReadAsync(session => FindAsync(session, id), cancellationToken);
            if (after is not null && !RowSealer.SayTheSame(tenant, after))
                return false;

            throw;
        }
    }

    private async Task<IReadOnlyList<KeyringEntry>> FindKeysAsync(Tenant tenant, CancellationToken cancellationToken)
    {
        // An order that was called off, and whose row somebody has put back, is none.
        if (!await store.ReadAsync(session => IsToldAsync(session, tenant), cancellationToken))
            throw new SealBrokenException($"{tenant.LogName}, whose journal does not say that its deletion is ordered");

        // What is called destroyed was there until then. A key that does not open may lie elsewhere.
        IReadOnlyList<KeyringEntry> keys =
            await store.ReadAsync(session => keyringRepository.ListKeysOfTenantAsync(session, tenant.Id), cancellationToken);
        if (keys.All(key => key.State == KeyringState.Destroyed))
            throw new SealBrokenException($"the key of tenant {tenant.Id}");

        foreach (KeyringEntry key in keys)
        {
            // One that another has replaced is gone, and wraps nothing.
            if (key.State != KeyringState.Destroyed
                || await store.ReadAsync(session => wrapped.AnyAsync(session, tenant.Id, key.Id), cancellationToken))
                keyring.OpenTenantKey(key).Dispose();
        }

        return keys;
    }

    private async Task<bool> IsToldAsync(IKmsSession session, Tenant tenant)
    {
        if (await journalRepository.FindStreamAsync(session, tenant.Id, JournalStream.LifecycleNumber) is not { } stream
            || await journalRepository.FindNewestOfTenantAsync(session, tenant.Id) is not { } newest)
            return false;

        byte[] leaf = JournalChain.LeafHash(new CanonicalWriter(JournalChain.Format), sealer.Open(stream), newest);
        return newest.Event.Action == JournalActions.TenantDeletionScheduled
            && JournalChain.Holds(newest, leaf, keyring.FindJournalKey)
            && await tenants.FindAsync(session, tenant.Id) is { } row
            && row.Seal.AsSpan().SequenceEqual(newest.Event.RowSeal);
    }

    private async Task<bool> TryDestroyKeyAsync(
        IKmsSession session, Tenant read, IReadOnlyList<KeyringEntry> keys, DateTimeOffset now)
    {
        TenantId id = read.Id;
        Tenant tenant = await LockAsync(session, id);
        if (!RowSealer.SayTheSame(read, tenant)
            || tenant is not { State: TenantState.PendingDeletion, DeleteOrderedAt: { } orderedAt, DeleteAt: { } at }
            || at > now
            || !await observed.HasWaitedAsync(session, orderedAt, at, now))
            return false;

        IReadOnlyList<KeyringEntry> found = await keyringRepository.ListKeysOfTenantAsync(session, id);
        if (found.Count != keys.Count)
            return false;

        foreach (KeyringEntry key in keys)
        {
            if (!await keyringRepository.EraseAsync(session, key))
                throw new SealBrokenException($"the key of tenant {id}");
        }

        await WriteAsync(
            session,
            tenant with { State = TenantState.Deleted, StateBefore = null, DeletedAt = now },
            JournalActions.TenantDeleted,
            $"account {tenant.AccountId}",
            journal.CloseAsync);
        return true;
    }

    // False when it is not to be deleted, or somebody else has removed the last row.
    private async Task<bool> RemoveRowsAsync(TenantId id, CancellationToken cancellationToken)
    {
        if ((await store.ReadAsync(session => FindAsync(session, id), cancellationToken))?.State != TenantState.Deleted)
            return false;

        await RepeatAsync(session => remains.DeleteDependentsAsync(session, id, Piece));
        await EachPieceAsync((session, after) => remains.ReleaseVersionsAsync(session, id, after, Piece));
        await EachPieceAsync((session, after) => remains.ReleaseKeysAsync(session, id, after, Piece));
        await RepeatAsync(session => remains.DeleteAsync(session, id, Piece));
        return await store.WriteAsync(session => TryFinishAsync(session, id), cancellationToken);

        async Task RepeatAsync(Func<IKmsSession, Task<bool>> deletePieceAsync)
        {
            while (await InTurnAsync(deletePieceAsync))
                _mayHaveLeftTraces = true;
        }

        async Task EachPieceAsync(Func<IKmsSession, byte[], Task<byte[]?>> releasePieceAsync)
        {
            byte[]? last = [];
            while (last is not null)
            {
                byte[] after = last;
                last = await InTurnAsync(session => releasePieceAsync(session, after));
            }
        }

        // One node after the other: of two that remove the same rows, the second would take what it does not find for the end.
        Task<T> InTurnAsync<T>(Func<IKmsSession, Task<T>> work) => store.WriteAsync(
            async session =>
            {
                Tenant tenant = await LockAsync(session, id);
                return tenant.State == TenantState.Deleted ? await work(session) : throw new SealBrokenException(tenant.LogName);
            },
            cancellationToken);
    }

    private async Task<bool> TryFinishAsync(IKmsSession session, TenantId id)
    {
        Tenant tenant = await LockAsync(session, id);
        if (tenant is not { State: TenantState.Deleted, DeleteAt: not null } || await remains.AnyAsync(session, id))
            return false;

        await WriteAsync(
            session,
            tenant with { DeleteAt = null },
            JournalActions.TenantErased,
            $"account {tenant.AccountId}",
            journal.AppendToClosedAsync);
        return true;
    }

    // The journal of the tenant tells of it, and that of the operator who ordered it, unless his tenant is deleted too.
    private async Task WriteAsync(
        IKmsSession session, Tenant changed, string action, string reason, Func<IKmsSession, JournalEvent, Task> appendAsync)
    {
        Sealed<Tenant> row = sealer.Seal(changed);
        if (!await tenants.UpdateAsync(session, row))
            throw new SealBrokenException(changed.LogName);

        session.OnCommitted(authenticator.ForgetAll);
        session.OnCommitted(() => materials.Drop([changed.Id]));
        List<TenantId> readers = [changed.Id];
        if (changed.DeleteOrderedBy is { } by && await FindAsync(session, by) is { State: not TenantState.Deleted })
            readers.Add(by);

        // In the order of the tenants, so that no two units wait for each other.
        foreach (TenantId reader in readers.OrderBy(id => id.Value))
        {
            JournalEvent happened = new()
            {
                Id = ids.Next(),
                TenantId = reader,
                Time = time.GetUtcMilliseconds(),
                Action = action,
                ActorKind = _actor.Kind,
                ActorId = _actor.Id,
                To = changed.Id.ToString(),
                Reason = reason,
                RowSeal = row.Seal,
            };
            await (reader == changed.Id ? appendAsync(session, happened) : journal.AppendAsync(session, happened));
        }
    }

    private async Task<Tenant?> FindAsync(IKmsSession session, TenantId id) =>
        await tenants.FindAsync(session, id) is { } row ? sealer.Open(row) : null;

    private async Task<Tenant> LockAsync(IKmsSession session, TenantId id) =>
        sealer.Open(await tenants.LockAsync(session, id) ?? throw new SealBrokenException($"tenant {id}"));

    [LoggerMessage(CoreEvents.TenantDeleted, LogLevel.Information,
        "Tenant {TenantId} was deleted: its date had come. Its key is destroyed; its rows go now.")]
    private static partial void LogDeleted(ILogger logger, Guid tenantId);

    [LoggerMessage(CoreEvents.TenantErased, LogLevel.Information, "The last row of the deleted tenant {TenantId} is gone.")]
    private static partial void LogErased(ILogger logger, Guid tenantId);

    [LoggerMessage(CoreEvents.TenantNotDeleted, LogLevel.Error,
        "The deletion of tenant {TenantId} could not be done, or not finished; the next sweep goes on with it.")]
    private static partial void LogNotDeleted(ILogger logger, Guid tenantId, Exception exception);
}
