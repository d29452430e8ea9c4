using Qkms.Core.Journal;
using Qkms.Storage.Sessions;

namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    [StoreFact]
    public async Task An_event_is_kept_with_its_canonical_bytes_and_leaf_hash()
    {
        StoredTenant tenant = await AddTenantAsync();
        JournalEvent full = new()
        {
            Id = _rows.NextId(),
            TenantId = tenant.Id,
            Time = StoreRows.Now,
            Action = JournalActions.KeyRevoked,
            ActorKind = "api_key",
            ActorId = "k1",
            KeyId = new KeyId(_rows.NextId()),
            Kid = Kid.FromStored("mine"),
            KeyVersion = 3,
            From = "active",
            To = "revoked",
            Reason = "leaked",
            RequestId = _rows.NextId(),
        };
        JournalEvent bare = new()
        {
            Id = _rows.NextId(),
            TenantId = tenant.Id,
            Time = StoreRows.Now,
            Action = JournalActions.TenantCreated,
            ActorKind = "system",
            ActorId = "start-up",
        };
        foreach (JournalEvent auditEvent in (JournalEvent[])[full, bare])
        {
            await WriteAsync(async session =>
            {
                await Repositories.Journal.InsertAsync(session, auditEvent);
                return true;
            });
        }

        (await ColumnAsync<byte[]>("canonical"))
            .Should().BeEquivalentTo([full.ToCanonicalBytes(), bare.ToCanonicalBytes()], options => options.WithStrictOrdering());
        (await ColumnAsync<byte[]>("leaf_hash")).Should().BeEquivalentTo(
            [LeafHash(full), LeafHash(bare)], options => options.WithStrictOrdering());
        (await ColumnAsync<string>("action")).Should().Equal(JournalActions.KeyRevoked, JournalActions.TenantCreated);
        (await ColumnAsync<string?>("reason")).Should().Equal("leaked", null);
        (await ColumnAsync<int?>("key_version")).Should().Equal(3, null);
        (await ColumnAsync<long>("time")).Should().Equal(StoreRows.Now.ToUnixTimeMilliseconds(), StoreRows.Now.ToUnixTimeMilliseconds());
    }

    // RFC 6962, 2.1, written out a second time.
    private static byte[] LeafHash(JournalEvent auditEvent) => SHA256.HashData([0, .. auditEvent.ToCanonicalBytes()]);

    // The port does not read the journal yet.
    private Task<IReadOnlyList<T>> ColumnAsync<T>(string column) =>
        ReadAsync(session => ((KmsSession)session).ListAsync<T>($"SELECT {column} FROM audit_events ORDER BY id"));
}
