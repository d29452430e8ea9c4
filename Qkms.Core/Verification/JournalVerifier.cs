using System.Globalization;
using System.Security.Cryptography;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Verification;

/// <summary>Checks every stream of every tenant: that nothing was edited, inserted, removed, cut off or put back alone.</summary>
internal sealed class JournalVerifier(
    IKmsSession session,
    IVerificationRepository repository,
    ITenantRepository tenants,
    ITenantRemainsRepository remains,
    IKeyringRepository keyrings,
    RowSealer sealer,
    Keyring keyring,
    JournalStatements statements,
    IVerificationReport report)
{
    private const int PageSize = 1000;
    private const int MostNamed = 100;

    private long _total;

    /// <summary>How many events were looked at.</summary>
    public long Events { get; private set; }

    /// <summary>How many streams there are.</summary>
    public int Streams { get; private set; }

    /// <summary>How many tenants there are.</summary>
    public int Tenants { get; private set; }

    /// <summary>Checks all of it.</summary>
    public async Task RunAsync()
    {
        _total = await repository.CountEventsAsync(session);
        byte[] last = [];
        while (await repository.FindNextTenantAsync(session, last) is { } tenantId)
        {
            last = tenantId;
            Tenants++;
            await CheckTenantAsync(tenantId);
        }

        await CheckOthersAsync();
        report.Progress(_total, _total);
    }

    private async Task CheckTenantAsync(byte[] id)
    {
        string name = id.Length == 16 ? $"tenant {new Guid(id, bigEndian: true)}" : $"tenant {Convert.ToHexString(id)}";
        Sealed<Tenant>? row = id.Length == 16 ? await tenants.FindAsync(session, new TenantId(new Guid(id, bigEndian: true))) : null;
        if (row is null)
            report.Found($"{name} has a journal and no row");
        else if (sealer.TryOpen(row) is null)
            report.Found($"the row of {name} was edited");

        bool isDeleted = row is not null && sealer.TryOpen(row) is { State: TenantState.Deleted } deleted
            && await CheckDeletedAsync(name, deleted);
        TenantJournal journal = new(name, row?.Seal, isDeleted);
        long lastNumber = 0;
        IReadOnlyList<Sealed<JournalStream>> rows = await repository.ListStreamsAsync(session, id);
        if (!rows.Any(stream => stream.UnverifiedRow.Number == JournalStream.LifecycleNumber))
            report.Found($"{name}: the row of its journal stream {JournalStream.LifecycleNumber} is missing");

        foreach (Sealed<JournalStream> stored in rows)
        {
            if (!isDeleted)
                await CheckUnknownStreamsAsync(id, name, lastNumber, stored.UnverifiedRow.Number);

            lastNumber = stored.UnverifiedRow.Number;
            Streams++;
            if (sealer.TryOpen(stored) is { } stream)
                await CheckStreamAsync(id, stream, journal);
            else
                report.Found($"the row of {stored.UnverifiedRow.LogName} was edited");
        }

        await CheckFormerAsync(id, journal);
        if (!isDeleted)
        {
            await CheckUnknownStreamsAsync(id, name, lastNumber, long.MaxValue);
            foreach (Guid lost in await repository.ListLostKeysAsync(session, id, MostNamed))
                report.Found($"{name}: the row of key {lost} is missing, and the journal tells of no such removal");
        }

        foreach (string problem in journal.Problems(rows.Select(stream => stream.UnverifiedRow)))
            report.Found(problem);
    }

    // True. The key must be gone at once, and the rest when the row has no date any more.
    private async Task<bool> CheckDeletedAsync(string name, Tenant tenant)
    {
        statements.NoteDeleted(tenant.Id);
        IReadOnlyList<KeyringEntry> keys = await keyrings.ListKeysOfTenantAsync(session, tenant.Id);
        if (keys.Any(key => key.State != KeyringState.Destroyed || key.Wrapped.AsSpan().ContainsAnyExcept((byte)0)))
            report.Found($"{name} is deleted, and its key is there");

        if (tenant.DeleteAt is null && await remains.AnyAsync(session, tenant.Id))
            report.Found($"{name} is deleted, and rows of it are there");

        return true;
    }

    // A tenant that was removed with its journal is told of in the journal of the operator who made it.
    private async Task CheckOthersAsync()
    {
        foreach ((TenantId id, bool isDeleted) in statements.Others)
        {
            if (await tenants.FindAsync(session, id) is null)
                report.Found($"the row of tenant {id} is missing, and the journal of an operator tells of it");
            else if (isDeleted && !statements.IsDeleted(id))
                report.Found($"tenant {id} was deleted, as the journal of an operator says, and its row says that it was not");
        }
    }

    private async Task CheckStreamAsync(byte[] tenantId, JournalStream stream, TenantJournal journal)
    {
        statements.Note(stream);
        StreamVerifier verifier = new(stream.LogName, stream, keyring.FindJournalKey, report.Found);
        long from = 0;
        IReadOnlyList<StoredEvent> page;
        do
        {
            page = await repository.ListEventsAsync(session, tenantId, stream.Number, from, PageSize);
            foreach (StoredEvent stored in page)
            {
                from = stored.Chained.Position + 1;
                if (verifier.Add(stored))
                    Note(stream, stored.Event, journal);
            }

            Events += page.Count;
            report.Progress(Events, _total);
        }
        while (page.Count == PageSize);

        verifier.End();
    }

    private void Note(JournalStream stream, JournalEvent happened, TenantJournal journal)
    {
        if (stream.IsOfChanges)
        {
            journal.Note(happened);
            statements.NoteChange(happened);
        }
        else
        {
            statements.NoteUse(happened);
        }
    }

    private async Task CheckUnknownStreamsAsync(byte[] tenantId, string name, long after, long before)
    {
        long last = after;
        while (await repository.FindNextStreamAsync(session, tenantId, last) is { } number && number < before)
        {
            last = number;
            report.Found($"{name}: there are events of a stream {number}, which has no row");
        }
    }

    // Their canonical bytes are those that were hashed, and the columns beside them say the same.
    private async Task CheckFormerAsync(byte[] tenantId, TenantJournal journal)
    {
        using IncrementalHash hash = FormerEvents.BeginHash();
        long count = 0;
        byte[] last = [];
        IReadOnlyList<StoredEvent> page;
        do
        {
            page = await repository.ListFormerEventsAsync(session, tenantId, last, PageSize);
            foreach (StoredEvent stored in page)
            {
                last = stored.Event.Id.ToByteArray(bigEndian: true);
                count++;
                hash.AppendData(stored.Chained.LeafHash);
                if (!FormerHolds(stored))
                    report.Found($"{journal.Name}: event {stored.Event.Id} ({stored.Event.Action}) of an earlier build was edited");
            }

            Events += page.Count;
            report.Progress(Events, _total);
        }
        while (page.Count == PageSize);

        string now = FormerEvents.Describe(count, hash.GetHashAndReset());
        if (journal.Former is null ? count > 0 : journal.Former != now)
            report.Found(string.Create(
                CultureInfo.InvariantCulture,
                $"{journal.Name}: the {count} events without a position are not those that its stream says were there when it began "
                + $"({journal.Former ?? "none"})"));
    }

    private static bool FormerHolds(StoredEvent stored) =>
        !stored.IsDamaged
        && stored.Chained is { Mac.Length: 0, PreviousHash.Length: 0, Stream: JournalStream.LifecycleNumber }
        && stored.Chained.MacKeyId == Guid.Empty
        && stored.Event is { RowSeal: null, KeySeal: null }
        && stored.Canonical is [1 or 2, ..]
        && FormerEvents.ToCanonicalBytes(stored.Canonical[0], stored.Event).AsSpan().SequenceEqual(stored.Canonical)
        && JournalChain.LeafHash(stored.Canonical).AsSpan().SequenceEqual(stored.Chained.LeafHash);
}
