using Qkms.Core.Journal;

namespace Qkms.Tests.Journal;

public sealed class LifecycleEventsTests : ServiceTests
{
    // what is written; reading it over HTTP comes later.
    [Fact]
    public async Task Every_change_is_journalled_with_actor_kid_states_reason_and_request()
    {
        Client.DefaultRequestHeaders.Add("X-Request-ID", "6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a");
        string first = (await Client.GenerateAsync()).Text("kid");
        string second = (await Client.RotateAsync()).Text("kid");
        await Client.RetireAsync(2, extra: new { allow_no_active = true });
        await Client.RevokeAsync(first, """{"reason":"stolen"}""");
        await Client.RevokeAsync(first);

        using Database database = App.OpenDatabase();
        database.Strings(Select("kid IS NOT NULL")).Should().Equal(
            $"key.generated|{first}|1||active|",
            $"key.rotated|{second}|2||active|",
            $"key.retired|{first}|1|active|retired|rotation",
            $"key.retired|{second}|2|active|retired|",
            $"key.revoked|{first}|1|retired|revoked|stolen");
        database.Scalar(
            "SELECT COUNT(*) FROM audit_events WHERE kid IS NOT NULL AND (actor_kind <> 'api_key' OR request_id <> "
            + "x'6f1c2b9e5d0a4a439c1b0f5f3c2d1e0a')")
            .Should().Be(0L);
        database.Scalar("SELECT COUNT(DISTINCT actor_id) FROM audit_events WHERE kid IS NOT NULL").Should().Be(1L);
        database.Strings("SELECT action FROM audit_events WHERE kid IS NULL ORDER BY id")
            .Should().Equal("tenant.created", "api_key.created");
    }

    /// <summary>F-26: a caller may send one id with every request. The journal tells them apart by an id that the service made.</summary>
    [Fact]
    public async Task Each_request_has_an_id_of_the_service_beside_the_callers()
    {
        Client.DefaultRequestHeaders.Add("X-Request-ID", "6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a");
        Answer generated = await Client.GenerateAsync();
        await Client.RotateAsync();
        Client.DefaultRequestHeaders.Remove("X-Request-ID");
        Answer own = await Client.RotateAsync();

        generated.Headers["X-Request-ID"].Should().Be("6f1c2b9e-5d0a-4a43-9c1b-0f5f3c2d1e0a", "responses repeat the caller's");
        using Database database = App.OpenDatabase();
        database.Scalar("SELECT COUNT(DISTINCT request_id) FROM audit_events WHERE kid IS NOT NULL").Should().Be(2L);
        database.Scalar("SELECT COUNT(DISTINCT server_request_id) FROM audit_events WHERE kid IS NOT NULL").Should().Be(3L);
        string served = own.Headers["X-Request-ID"].Replace("-", "", StringComparison.Ordinal);
        database.Scalar($"SELECT COUNT(*) FROM audit_events WHERE request_id = x'{served}' AND server_request_id = request_id")
            .Should().Be(2L, "without one of the caller's it is the same: the rotation, and the retirement that it brought");

        byte[] server = (byte[])database.Scalar("SELECT server_request_id FROM audit_events WHERE action = 'key.generated'")!;
        (server[6] >> 4).Should().Be(7, "UUIDv7");
    }

    // order, repeated order, cancellation, repeated cancellation, order, revocation, and the end.
    [Fact]
    public async Task A_destruction_is_journalled_with_its_orders_and_by_whom_it_was_done()
    {
        string kid = (await Client.GenerateRetiredAsync()).Text("kid");
        await Client.DestroyAsync(kid, """{"reason":"replaced"}""");
        await Client.DestroyAsync(kid, """{"reason":"again"}""");
        await Client.CancelDeletionAsync(kid, """{"reason":"still needed"}""");
        await Client.CancelDeletionAsync(kid, """{"reason":"again"}""");
        await Client.DestroyAsync(kid);
        await Client.RevokeAsync(kid);
        await App.SweepAfterAsync(TimeSpan.FromDays(30));

        using Database database = App.OpenDatabase();
        database.Strings(Select("action LIKE 'key.destr%' OR action = 'key.revoked'")).Should().Equal(
            $"key.destruction_scheduled|{kid}|1|retired|pending_destruction|replaced",
            $"key.destruction_cancelled|{kid}|1|pending_destruction|retired|still needed",
            $"key.destruction_scheduled|{kid}|1|retired|pending_destruction|",
            $"key.revoked|{kid}|1|pending_destruction|pending_destruction|",
            $"key.destroyed|{kid}|1|pending_destruction|destroyed|");
        database.Strings(
            "SELECT actor_kind || '|' || actor_id || '|' || CASE WHEN request_id IS NULL THEN 'no request' ELSE 'a request' END FROM "
            + "audit_events WHERE action = 'key.destroyed'")
            .Should().Equal("system|destruction|no request");
    }

    [Fact]
    public async Task A_refused_change_is_not_journalled()
    {
        string kid = (await Client.GenerateAsync()).Text("kid");
        using Database database = App.OpenDatabase();
        string[] before = Changes();

        await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-KEM-768"}""");
        await Client.RetireAsync(1);
        await Client.RevokeAsync("unknown");
        await Client.DestroyAsync(kid);
        await Client.CancelDeletionAsync(kid);

        Changes().Should().Equal(before);

        // Refusals have a stream of their own, which the service writes and may begin meanwhile.
        string[] Changes() =>
        [
            .. database.Strings(
                $"SELECT position || ' ' || action FROM audit_events WHERE stream = {JournalStream.LifecycleNumber} "
                + $"AND action <> '{JournalActions.StreamBegun}' ORDER BY position"),
        ];
    }

    private static string Select(string where) =>
        "SELECT action || '|' || kid || '|' || key_version || '|' || COALESCE(from_state, '') || '|' || COALESCE(to_state, '') || '|' || "
        + $"COALESCE(reason, '') FROM audit_events WHERE {where} ORDER BY id";
}
