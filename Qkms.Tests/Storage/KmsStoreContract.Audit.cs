using Qkms.Core.Journal;
using Qkms.Core.Sealing;
using Qkms.Storage.Sessions;

namespace Qkms.Tests.Storage;

public abstract partial class KmsStoreContract
{
    [StoreFact]
    public async Task Events_are_kept_at_their_places_with_all_that_they_say()
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
            ServerRequestId = _rows.NextId(),
            RowSeal = RandomNumberGenerator.GetBytes(RowSealer.SealSize),
            KeySeal = RandomNumberGenerator.GetBytes(RowSealer.SealSize),
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
        using WrappingKey key = new(_rows.NextId(), SecretBytes.Random(WrappingKey.Size));
        Guid installation = await ReadAsync(Repositories.Journal.FindInstallationIdAsync);
        JournalStream stream = JournalStream.Begin(
            tenant.Id, JournalStream.LifecycleNumber, JournalStreamKind.Lifecycle, node: "", installation, StoreRows.StoredNow);
        (await WriteAsync(session => Repositories.Journal.InsertStreamAsync(session, StoreRows.Seal(stream)))).Should().BeTrue();
        (await WriteAsync(session => Repositories.Journal.InsertStreamAsync(session, StoreRows.Seal(stream)))).Should().BeFalse();
        JournalChain chain = new(stream, key);
        ChainedEvent[] added = [chain.Add(full), chain.Add(bare)];
        Sealed<JournalStream> next = StoreRows.Seal(chain.Stream with { RowVersion = 2 });

        bool isWritten = await WriteAsync(async session =>
        {
            await Repositories.Journal.InsertEventsAsync(session, added);
            return await Repositories.Journal.UpdateStreamAsync(session, next);
        });

        isWritten.Should().BeTrue();
        (await WriteAsync(session => Repositories.Journal.UpdateStreamAsync(session, next))).Should().BeFalse("the row is another one now");
        (await WriteAsync(session => Repositories.Journal.LockStreamAsync(session, tenant.Id, 1))).Should().BeEquivalentTo(next);
        (await WriteAsync(session => Repositories.Journal.LockUsesAsync(session, tenant.Id, ""))).Should().BeNull();
        (await ReadAsync(session => Repositories.Journal.FindLastNumberAsync(session, tenant.Id))).Should().Be(1);
        (await ReadAsync(Repositories.Journal.HasStreamsAsync)).Should().BeTrue();
        (await ColumnAsync<long>("position")).Should().Equal(0, 1);
        (await ColumnAsync<byte[]>("leaf_hash")).Should().BeEquivalentTo(
            added.Select(one => one.LeafHash), options => options.WithStrictOrdering());
        (await ColumnAsync<byte[]>("previous_hash")).Should().BeEquivalentTo(
            [new byte[32], added[0].LeafHash], options => options.WithStrictOrdering());
        (await ColumnAsync<byte[]>("mac")).Should().BeEquivalentTo(added.Select(one => one.Mac), options => options.WithStrictOrdering());
        (await ColumnAsync<byte[]?>("row_seal")).Should().BeEquivalentTo(
            [full.RowSeal, null], options => options.WithStrictOrdering());
        (await ColumnAsync<byte[]?>("server_request_id")).Should().BeEquivalentTo(
            [full.ServerRequestId?.ToByteArray(bigEndian: true), null], options => options.WithStrictOrdering());
        (await ColumnAsync<string>("action")).Should().Equal(JournalActions.KeyRevoked, JournalActions.TenantCreated);
        (await ColumnAsync<string?>("reason")).Should().Equal("leaked", null);
        (await ColumnAsync<int?>("key_version")).Should().Equal(3, null);
        (await ColumnAsync<long>("time")).Should().Equal(StoreRows.Now.ToUnixTimeMilliseconds(), StoreRows.Now.ToUnixTimeMilliseconds());
    }

    private Task<IReadOnlyList<T>> ColumnAsync<T>(string column) =>
        ReadAsync(session => ((KmsSession)session).ListAsync<T>($"SELECT {column} FROM audit_events ORDER BY id"));
}
