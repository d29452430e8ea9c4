using System.Security.Cryptography;
using Qkms.Core.ApiKeys;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Installation;

/// <summary>Begins the streams of tenants that an earlier build made. Their events stay as they are, outside the streams.</summary>
internal sealed class FormerJournal(IJournalRepository journal, IFormerRowRepository rows, IdGenerator ids, TimeProvider time)
    : IFormerJournal
{
    private const int PageSize = 500;
    private const string Actor = "take-over";

    /// <inheritdoc/>
    public async Task<int?> BeginAsync(IKmsSession session, WrappingKey rowSealKey, WrappingKey journalKey)
    {
        // Only with a journal key can these have been made.
        if (await journal.HasStreamsAsync(session))
            return null;

        Dictionary<TenantId, JournalStream> streams = [];
        Guid installationId = await journal.FindInstallationIdAsync(session);
        await foreach (Sealed<Tenant> tenant in RowPages.AllAsync(session, rows.ListTenantsAsync, row => row.Id.Value))
        {
            TenantId id = tenant.UnverifiedRow.Id;
            JournalStream stream = JournalStream.Begin(
                id, JournalStream.LifecycleNumber, JournalStreamKind.Lifecycle, node: "", installationId, time.GetUtcMilliseconds());
            JournalChain chain = new(stream, journalKey);
            JournalEvent begun = Entry(id, JournalActions.JournalBegun) with
            {
                Reason = await DescribeFormerAsync(session, id),
                RowSeal = SealOf(tenant),
            };
            await journal.InsertEventsAsync(session, [chain.Add(begun)]);
            await journal.InsertStreamAsync(session, RowSealer.Seal(rowSealKey, chain.Stream));
            streams.Add(id, chain.Stream);
        }

        // What does not change any more has an event too, so that a row put back is found.
        await foreach (Sealed<Key> key in RowPages.AllAsync(session, rows.ListKeysAsync, row => row.Id.Value))
        {
            await AddAsync(Entry(key.UnverifiedRow.TenantId, JournalActions.KeyFound) with
            {
                KeyId = key.UnverifiedRow.Id,
                KeySeal = SealOf(key),
            });
        }

        await foreach (Sealed<Credential> apiKey in RowPages.AllAsync(session, rows.ListCredentialsAsync, row => row.Id.Value))
        {
            await AddAsync(Entry(apiKey.UnverifiedRow.TenantId, JournalActions.ApiKeyFound) with
            {
                To = apiKey.UnverifiedRow.Id.ToString(),
                RowSeal = SealOf(apiKey),
            });
        }

        return streams.Count;

        async Task AddAsync(JournalEvent found)
        {
            if (!streams.TryGetValue(found.TenantId, out JournalStream? stream))
                return;

            JournalChain chain = new(stream, journalKey);
            await journal.InsertEventsAsync(session, [chain.Add(found)]);
            JournalStream next = chain.Stream with { RowVersion = stream.RowVersion + 1 };
            await journal.UpdateStreamAsync(session, RowSealer.Seal(rowSealKey, next));
            streams[stream.TenantId] = next;
        }
    }

    // A damaged row has none; it is refused wherever it is used.
    private static byte[]? SealOf<T>(Sealed<T> row)
        where T : class, ISealedRow => row.Seal.Length == RowSealer.SealSize ? row.Seal : null;

    private async Task<string> DescribeFormerAsync(IKmsSession session, TenantId tenantId)
    {
        using IncrementalHash hash = FormerEvents.BeginHash();
        long count = 0;
        Guid last = Guid.Empty;
        IReadOnlyList<(Guid Id, byte[] LeafHash)> page;
        do
        {
            page = await journal.ListFormerHashesAsync(session, tenantId, last, PageSize);
            foreach ((Guid id, byte[] leafHash) in page)
            {
                (last, count) = (id, count + 1);
                hash.AppendData(leafHash);
            }
        }
        while (page.Count == PageSize);

        return FormerEvents.Describe(count, hash.GetHashAndReset());
    }

    private JournalEvent Entry(TenantId tenantId, string action) => new()
    {
        Id = ids.Next(),
        TenantId = tenantId,
        Time = time.GetUtcMilliseconds(),
        Action = action,
        ActorKind = "system",
        ActorId = Actor,
    };
}
