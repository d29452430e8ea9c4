using System.Buffers.Binary;
using Qkms.Core.Journal;
using Qkms.Core.Sealing;

namespace Qkms.Tests.Journal;

/// <summary>F-15: what the journal writes is a chain under a key, and the service adds to none that was tampered with.</summary>
public sealed class StreamTests : ServiceTests
{
    private static readonly string[] _hashed =
    [
        "id", "time", "action", "actor_kind", "actor_id", "key_id", "kid", "key_version", "from_state", "to_state", "reason",
        "request_id", "server_request_id", "row_seal", "key_seal",
    ];

    private const string Head = "tenant_id = (SELECT id FROM tenants WHERE name = 'default') AND stream = 1";

    /// <summary>A-40: the canonical bytes, the leaf hash and the chain, made here without the code of the service.</summary>
    [Fact]
    public async Task Each_event_hashes_its_columns_and_the_event_before_it()
    {
        Client.DefaultRequestHeaders.Add("X-Request-ID", "6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a");
        string kid = (await Client.GenerateAsync()).Text("kid");
        await Client.RotateAsync();
        await Client.RevokeAsync(kid, """{"reason":"Zürich: verloren"}""");

        using Database database = App.OpenDatabase();
        byte[] installation = (byte[])database.Scalar("SELECT installation_id FROM installation")!;
        byte[] tenant = (byte[])database.Scalar("SELECT id FROM tenants")!;
        byte[] previous = new byte[32];
        long count = Number(database.Scalar("SELECT COUNT(*) FROM audit_events")!);
        count.Should().Be(6, "tenant, API key, generated, rotated, retired, revoked");
        for (long position = 0; position < count; position++)
        {
            List<byte> leaf = [0, 3, .. Part(installation), .. Part(tenant), .. Part(1L), .. Part(position), .. Part(previous)];
            string where = $"FROM audit_events WHERE position = {position}";
            foreach (string column in _hashed)
                leaf.AddRange(Part(database.Scalar($"SELECT {column} {where}")));

            byte[] hash = SHA256.HashData([.. leaf]);
            hash.Should().Equal((byte[])database.Scalar($"SELECT leaf_hash {where}")!, "position {0}", position);
            previous.Should().Equal((byte[])database.Scalar($"SELECT previous_hash {where}")!, "position {0}", position);
            previous = hash;
        }

        ((byte[])database.Scalar($"SELECT head_hash FROM audit_streams WHERE {Head}")!).Should().Equal(previous);
        Number(database.Scalar($"SELECT next_position FROM audit_streams WHERE {Head}")!).Should().Be(count);
    }

    /// <summary>A-40: an event names the seals of the rows that its change left behind, and is authenticated by the journal key.</summary>
    [Fact]
    public async Task Each_event_names_the_seals_of_the_rows_and_has_an_hmac()
    {
        string kid = (await Client.GenerateAsync()).Text("kid");
        await Client.RotateAsync();

        using Database database = App.OpenDatabase();
        byte[] Joined(string from) => [.. (byte[])database.Scalar($"SELECT substr(seal, 1, 1) {from}")!,
            .. (byte[])database.Scalar($"SELECT seal_key_id {from}")!, .. (byte[])database.Scalar($"SELECT substr(seal, 2) {from}")!];
        foreach (string action in new[] { "key.rotated", "key.retired" })
        {
            string where = $"FROM audit_events WHERE action = '{action}'";
            ((byte[])database.Scalar($"SELECT row_seal {where}")!).Should().Equal(
                Joined($"FROM key_versions WHERE kid = (SELECT kid {where})"), action);
            ((byte[])database.Scalar($"SELECT key_seal {where}")!).Should().Equal(Joined("FROM keys"), action);
        }

        ((byte[])database.Scalar("SELECT row_seal FROM audit_events WHERE action = 'tenant.created'")!)
            .Should().Equal(Joined("FROM tenants"));
        ((byte[])database.Scalar("SELECT row_seal FROM audit_events WHERE action = 'api_key.created'")!)
            .Should().Equal(Joined("FROM credentials"));
        WrappingKey key = App.Services.GetRequiredService<Keyring>().JournalKey;
        byte[] leaf = (byte[])database.Scalar($"SELECT leaf_hash FROM audit_events WHERE kid = '{kid}' AND action = 'key.generated'")!;
        byte[] id = (byte[])database.Scalar("SELECT id FROM keyring WHERE kind = 5")!;
        ((byte[])database.Scalar($"SELECT mac FROM audit_events WHERE kid = '{kid}' AND action = 'key.generated'")!)
            .Should().Equal(HMACSHA256.HashData(key.Secret.Span, [3, .. id, .. leaf]));
        Number(database.Scalar("SELECT COUNT(*) FROM audit_events WHERE mac_key_id <> (SELECT id FROM keyring WHERE kind = 5)")!)
            .Should().Be(0);
    }

    /// <summary>A-40: changes that run side by side come one after the other in the stream.</summary>
    [Fact]
    public async Task Parallel_changes_leave_no_gap_and_no_fork()
    {
        await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Client.GenerateAsync("AES-256", new { name = $"n{i}" })));

        using Database database = App.OpenDatabase();
        Number(database.Scalar("SELECT COUNT(*) FROM audit_events WHERE action = 'key.generated'")!).Should().Be(24);
        Number(database.Scalar(
            """
            SELECT COUNT(*) FROM audit_events e
            WHERE position > 0 AND NOT EXISTS (
              SELECT 1 FROM audit_events b
              WHERE b.tenant_id = e.tenant_id AND b.stream = e.stream AND b.position = e.position - 1 AND b.leaf_hash = e.previous_hash)
            """)!).Should().Be(0);
        Number(database.Scalar($"SELECT next_position - 26 FROM audit_streams WHERE {Head}")!).Should().Be(0);
    }

    /// <summary>
    /// F-15: nothing is added to a stream whose head was edited, removed, or put back, and the change that would be is not made.
    /// </summary>
    [Theory]
    [InlineData($"UPDATE audit_streams SET next_position = next_position + 1 WHERE {Head}")]
    [InlineData($"UPDATE audit_streams SET first_position = 1 WHERE {Head}")]
    [InlineData($"DELETE FROM audit_streams WHERE {Head}")]
    [InlineData("put back")]
    public async Task A_change_is_refused_when_the_head_is_not_the_one_that_was_written(string attack)
    {
        await Client.GenerateAsync("AES-256", new { name = "first" });
        using Database database = App.OpenDatabase();
        database.Execute($"CREATE TABLE old_heads AS SELECT * FROM audit_streams WHERE {Head}");
        await Client.GenerateAsync("AES-256", new { name = "second" });
        string kid = (await Client.GenerateAsync("AES-256", new { name = "third" })).Text("kid");
        if (attack == "put back")
        {
            database.Execute($"DELETE FROM audit_events WHERE position >= (SELECT next_position FROM old_heads) AND stream = 1");
            database.Execute($"DELETE FROM audit_streams WHERE {Head}");
            database.Execute("INSERT INTO audit_streams SELECT * FROM old_heads").Should().Be(1);
        }
        else
        {
            database.Execute(attack).Should().Be(1);
        }

        database.Execute("DROP TABLE old_heads");
        object? before = database.Scalar("SELECT COUNT(*) FROM audit_events");

        (await Client.RevokeAsync(kid)).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");

        App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains("the protection of journal stream 1 of tenant", StringComparison.Ordinal));
        database.Scalar("SELECT COUNT(*) FROM audit_events").Should().Be(before);
        App.Time.OutliveCaches();
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("active", "reads go on, and nothing was changed");
    }

    /// <summary>A-40: uses have a stream for each node; the life cycle says that it began.</summary>
    [Fact]
    public async Task Uses_are_a_stream_of_the_node()
    {
        TenantId tenant = await App.FirstTenantAsync();
        IdGenerator ids = new(TimeProvider.System);
        JournalWriter journal = App.Services.GetRequiredService<JournalWriter>();
        IKmsStore store = App.Services.GetRequiredService<IKmsStore>();
        JournalEvent[] uses = [.. Enumerable.Range(0, JournalWriter.MostAtOnce).Select(_ => Use(tenant, ids))];

        foreach (string node in new[] { "a", "a", "b" })
        {
            JournalEvent[] batch = [.. uses.Select(use => use with { Id = ids.Next() })];
            await store.WriteAsync(
                async session =>
                {
                    await journal.AppendUsesAsync(session, node, batch);
                    return true;
                },
                CancellationToken.None);
        }

        using Database database = App.OpenDatabase();
        database.Strings("SELECT stream || ' ' || kind || ' ' || node || ' ' || next_position FROM audit_streams ORDER BY stream")
            .Should().Equal("1 1  4", "2 2 a 2000", "3 2 b 1000");
        database.Strings("SELECT actor_id || ' ' || to_state FROM audit_events WHERE action = 'journal.stream_begun' ORDER BY position")
            .Should().Equal("a 2", "b 3");
        Number(database.Scalar(
            """
            SELECT COUNT(*) FROM audit_events e JOIN audit_events b
              ON b.tenant_id = e.tenant_id AND b.stream = e.stream AND b.position = e.position - 1 AND b.leaf_hash = e.previous_hash
            WHERE e.stream > 1
            """)!).Should().Be(2998);
    }

    /// <summary>F-15: without the journal's key nothing is made anew over a journal that is there.</summary>
    [Fact]
    public async Task A_lost_journal_key_stops_the_start()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path))
            _ = app.InitialApiKey;

        using (Database database = TestStorage.OpenUntouched(directory.Path))
            database.Execute("DELETE FROM keyring WHERE kind = 5").Should().Be(1);

        (await FailedStart.SentenceAsync(directory.Path)).Should().Contain("no journal key");
    }

    internal static JournalEvent Use(TenantId tenant, IdGenerator ids) => new()
    {
        Id = ids.Next(),
        TenantId = tenant,
        Time = DateTimeOffset.UnixEpoch.AddYears(56),
        Action = "key.used",
        ActorKind = "api_key",
        ActorId = "0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f507",
        KeyId = new KeyId(ids.Next()),
        Kid = Kid.From(ids.Next()),
        KeyVersion = 1,
        To = "encrypt",
        RequestId = ids.Next(),
        ServerRequestId = ids.Next(),
    };

    private static long Number(object value) => Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture);

    // docs/protection.md: each part after its length in 4 bytes, an absent one as FFFFFFFF; numbers in 8 bytes.
    private static byte[] Part(object? value)
    {
        byte[]? part = value switch
        {
            null or DBNull => null,
            byte[] bytes => bytes,
            string text => Encoding.UTF8.GetBytes(text),
            _ => BigEndian(Number(value)),
        };
        byte[] length = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(length, part is null ? uint.MaxValue : (uint)part.Length);
        return [.. length, .. part ?? []];
    }

    private static byte[] BigEndian(long number)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }
}
