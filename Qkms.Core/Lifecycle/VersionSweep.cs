using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;
using Qkms.Core.Uses;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// What the sweeps that destroy key versions have in common: what is due is read in pages and judged one by one, so that one that cannot be
/// destroyed keeps no other waiting, and afterwards the database erases what they left in its files.
/// </summary>
/// <typeparam name="TDue">A version that may be due, as a page names it.</typeparam>
internal abstract class VersionSweep<TDue>(IKmsStore store, IntegrityAlarm alarm, OperationMetrics metrics)
    where TDue : class
{
    private const int PageSize = 100;

    // True at first: the process before this one may have been killed between a destruction and this.
    private volatile bool _mayHaveLeftTraces = true;

    /// <summary>The store.</summary>
    protected IKmsStore Store => store;

    /// <summary>Destroys what is due; the number of versions destroyed.</summary>
    /// <param name="listAsync">The next page, behind the last of the one before; null where nothing is to be destroyed now.</param>
    /// <param name="destroyAsync">Destroys one; null when it is not due, or something else was faster.</param>
    /// <param name="cancellationToken">Cancels what can be cancelled.</param>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.Unavailable"/>, after every version was tried; the next sweep takes what this one left.
    /// </exception>
    protected async Task<int> SweepAsync(
        Func<IKmsSession, TDue?, int, Task<IReadOnlyList<TDue>>>? listAsync,
        Func<TenantId, KeyVersionId, Task<KeyVersion?>> destroyAsync,
        CancellationToken cancellationToken)
    {
        int destroyed = 0;
        KmsException? refusal = null;
        TDue? last = null;
        IReadOnlyList<TDue> page = [];
        do
        {
            if (listAsync is not null)
                page = await store.ReadAsync(session => listAsync(session, last, PageSize), cancellationToken);

            foreach (TDue due in page)
            {
                last = due;
                try
                {
                    destroyed += await TryDestroyAsync(VersionOf(due), destroyAsync) ? 1 : 0;
                }
                catch (KmsException e)
                {
                    // Somebody holds its row, or the database is away, which the others will find too.
                    refusal = e;
                }
            }
        }
        while (page.Count == PageSize);

        if (_mayHaveLeftTraces)
            _mayHaveLeftTraces = !await store.EraseRemainsAsync(cancellationToken);

        return refusal is null ? destroyed : throw refusal;
    }

    /// <summary>Which version a page names.</summary>
    protected abstract DueVersion VersionOf(TDue due);

    /// <summary>Tells the operator of a version that was destroyed.</summary>
    protected abstract void TellDestroyed(KeyVersion destroyed);

    /// <summary>Tells the operator of a version that could not be destroyed.</summary>
    protected abstract void TellNotDestroyed(TenantId tenantId, KeyVersionId versionId, Exception exception);

    private async Task<bool> TryDestroyAsync(DueVersion due, Func<TenantId, KeyVersionId, Task<KeyVersion?>> destroyAsync)
    {
        if (due.Ids is not { } ids)
        {
            await alarm.RaiseAsync(caller: null, $"the row of a key version with the id {Convert.ToHexString(due.StoredId)}");
            return false;
        }

        try
        {
            long begun = OperationMetrics.Begin();
            KeyVersion? destroyed = await destroyAsync(ids.TenantId, ids.VersionId);
            if (destroyed is null)
                return false;

            _mayHaveLeftTraces = true;
            metrics.Record(begun, OperationNames.DestroyKey, destroyed.Algorithm, ids.TenantId, Outcomes.Ok);
            TellDestroyed(destroyed);
            return true;
        }
        catch (SealBrokenException e)
        {
            await alarm.RaiseAsync(ids.TenantId, e.What);
            return false;
        }
        catch (Exception e) when (e is not (KmsException or OperationCanceledException))
        {
            TellNotDestroyed(ids.TenantId, ids.VersionId, e);
            return false;
        }
    }
}
