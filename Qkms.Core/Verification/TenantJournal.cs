using System.Globalization;
using Qkms.Core.Journal;

namespace Qkms.Core.Verification;

/// <summary>What the life cycle of a tenant says of things that are not keys, while it is read.</summary>
/// <param name="name">How findings name the tenant.</param>
/// <param name="tenantSeal">The seal of its row; null when there is none.</param>
/// <param name="isDeleted">Whether its row says that it is deleted.</param>
internal sealed class TenantJournal(string name, byte[]? tenantSeal, bool isDeleted)
{
    private readonly Dictionary<long, string> _streams = [];
    private byte[]? _tenantSeal;

    /// <summary>How findings name the tenant.</summary>
    public string Name => name;

    /// <summary>What the stream says of the events before it; null when there were none.</summary>
    public string? Former { get; private set; }

    /// <summary>Takes note of a genuine event.</summary>
    public void Note(JournalEvent happened)
    {
        switch (happened.Action)
        {
            case JournalActions.StreamBegun when long.TryParse(happened.To, CultureInfo.InvariantCulture, out long number):
                _streams[number] = happened.ActorId;
                break;
            case JournalActions.JournalBegun:
                (Former, _tenantSeal) = (happened.Reason, happened.RowSeal);
                break;
            case JournalActions.TenantCreated or JournalActions.TenantUpdated or JournalActions.TenantPlanChanged
                or JournalActions.TenantSuspended or JournalActions.TenantResumed or JournalActions.TenantDeletionScheduled
                or JournalActions.TenantDeletionCancelled or JournalActions.TenantDeleted or JournalActions.TenantErased

                // The journal of an operator's tenant tells of others too.
                when happened.To == happened.TenantId.ToString():
                _tenantSeal = happened.RowSeal;
                break;
        }
    }

    /// <summary>What does not agree with the rows that there are.</summary>
    public IEnumerable<string> Problems(IEnumerable<JournalStream> rows)
    {
        Dictionary<long, string> there = rows.Where(row => row.Number != JournalStream.LifecycleNumber)
            .ToDictionary(row => (long)row.Number, row => row.Node);
        foreach ((long number, string node) in _streams.Where(begun => !isDeleted && !there.ContainsKey(begun.Key)))
            yield return $"{name}: the row of journal stream {number}, the uses of node '{node}', is missing";

        foreach ((long number, string node) in there.Where(row => _streams.GetValueOrDefault(row.Key) != row.Value))
            yield return $"{name}: the journal does not say that stream {number} of node '{node}' began";

        bool hasEnded = rows.Any(row => row.Kind == JournalStreamKind.ClosedLifecycle);
        if (isDeleted != hasEnded)
            yield return $"{name} is {(isDeleted ? "deleted, and its journal has not ended" : "not deleted, and its journal has ended")}";

        if (tenantSeal is not null && _tenantSeal is not null && !tenantSeal.AsSpan().SequenceEqual(_tenantSeal))
            yield return $"the row of {name} is not the one that its journal says was written last: it was put back";
    }
}
