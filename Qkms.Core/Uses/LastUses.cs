using Qkms.Core.Callers;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Uses;

/// <summary>Says when a key was used last, by the counters of its versions, and for what, by the journal.</summary>
internal sealed class LastUses(
    IKmsStore store, IKeyUsageRepository usages, KeyRows rows, RowSealer sealer, JournalReader journal, UseRecording recording)
{
    /// <summary>The last use of a key. Verifying a signature is none.</summary>
    /// <exception cref="SealBrokenException">The counter or the journal does not match its protection.</exception>
    public async Task<LastUse> FindAsync(Caller caller, Key key, CancellationToken cancellationToken)
    {
        (DateTimeOffset begin, DateTimeOffset? at, Kid? kid) = await store.ReadAsync(
            async session =>
            {
                DateTimeOffset begin = await recording.FindBeginAsync(session, caller.TenantId);
                if (await usages.FindNewestAsync(session, caller.TenantId, key.Id) is not { } row)
                    return (begin, (DateTimeOffset?)null, (Kid?)null);

                KeyUsage usage = sealer.Open(row);
                KeyAndVersion? found = await rows.FindWithKeyAsync(session, caller.TenantId, usage.VersionId);
                return (begin, usage.LastUsedAt, found?.Version.Kid);
            },
            cancellationToken);
        return new LastUse(
            key.CreatedAt > begin ? key.CreatedAt : begin,
            at,
            at is { } time && kid is { } used ? await FindEventAsync(caller, used, time, cancellationToken) : null);
    }

    // Only where it is among the newest: the journal is looked at no further than for one page.
    private async Task<JournalEvent?> FindEventAsync(Caller caller, Kid kid, DateTimeOffset at, CancellationToken cancellationToken)
    {
        JournalQuery query = new(
            JournalQuery.EveryStreamOfUses, OldestFirst: false, kid, JournalActions.KeyUsed, Actor: null, at, at.AddMilliseconds(1));
        JournalPage page = await journal.ListAsync(caller, query, cursor: null, limit: 1, cancellationToken);
        return page.Events is [var newest, ..] ? newest.Event : null;
    }
}

/// <summary>The last use of a key.</summary>
/// <param name="KnownSince">From when on every use of it is known.</param>
/// <param name="At">When it was used; null = not since then.</param>
/// <param name="Event">What the journal says of it; null where it does not, or no longer.</param>
internal sealed record LastUse(DateTimeOffset KnownSince, DateTimeOffset? At, JournalEvent? Event);
