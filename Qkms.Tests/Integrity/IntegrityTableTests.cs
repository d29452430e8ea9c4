using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Qkms.Core.ApiKeys;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Tenants;
using Qkms.Tests.Devices;
using Qkms.Tests.Rotations;
using Found = (Qkms.Tests.Integrity.Attack Attack, string Outcome);

namespace Qkms.Tests.Integrity;

/// <summary>
/// F-13: every attack on every column and row of the database, read from its schema, and what the service notices of it. The table of
/// docs/protection.md is what is measured here. What goes unnoticed is named below with the reason.
/// </summary>
public sealed partial class IntegrityTableTests : ServiceTests
{
    private static readonly (string What, string Reason)[] _unnoticed =
    [
        ("credential_usage", "changes with every use; decides nothing"),
        ("idempotency Deleted", "a request that is repeated is a new one, as after a day"),
        ("destruction_hold", "delays a destruction, or ends a hold: the waiting time is counted all the same"),
        ("installation", "decides nothing"),
        ("key_usage.failures", "nothing is written there, and nothing read"),
        ("key_material Inserted", "is not asked for: it belongs to no version"),
        ("keyring, of a tenant.created_at", "decides nothing"),
        ("keyring, of a tenant Inserted", "only when the tenant makes its next key, which is refused"),
        ("keyring, of the installation.created_at", "decides nothing"),
        ("observed_hours", "delays a destruction, whose date is sealed, and the trimming of uses"),
        ("root_wrappers.created_at", "decides nothing"),
        ("root_wrapper_set Inserted", "is not asked for: the set is row 1"),
        ("schema_lock", "holds nothing; nodes only lock it"),
        ("schema_migrations.applied_at", "decides nothing"),
        ("tenants Inserted", "is not asked for: no API key names it"),
        ("version_counts", "says how long a list is, and decides nothing"),
        ("writes", "the ids of the last minutes, to find out whether a commit whose answer was lost took place"),
    ];

    // The epochs of servers: what is noticed of them is for the tests of failover to say.
    private static readonly string[] _elsewhere = ["epochs"];

    private static readonly Guid _write = new("05050505-0505-0505-0505-050505050505");

    private string[] _calmFindings = [];

    private readonly List<(string Name, Func<Task<Answer>> Ask, Func<Answer, string> Say)> _probes = [];

    // Each attack is undone by putting tables back, and the probes use keys: what is recorded of that would itself be noticed as put back.
    // Nor may a late first sweep delete a row between an attack and its undoing.
    private protected override QkmsApplication NewApplication() =>
        new() { KeepsHouse = false, Settings = { ["Qkms:Audit:Uses"] = "off" } };

    private Answer? _job;

    // Hundreds of attacks: the other tests of this folder try the kinds of them always.
    [FactIf(Requirement.LongTests)]
    public async Task What_is_noticed_is_what_the_page_says()
    {
        using HttpClient right = await PrepareAsync();
        Attacker attacker = new(App.OpenDatabase);
        attacker.RememberOld(await RowsAsync());
        await ChangeAsync(right);
        AttackedRow[] rows = [.. await RowsAsync()];
        using (Database database = App.OpenDatabase())
        {
            rows.Select(row => row.Table).Should().BeEquivalentTo(
                database.TableNames().Except(_elsewhere).Append("keyring"), "every table is attacked, and the keyring in two of its rows");
        }

        attacker.RememberNew();
        _calmFindings = await VerifyAsync();
        string[] calm = await AskAsync();
        (await StartRefusalAsync()).Should().BeNull();

        List<Found> outcomes = [];
        List<string> problems = [];
        foreach (Attack attack in rows.SelectMany(attacker.AttacksOn).ToArray())
        {
            attacker.Do(attack);
            outcomes.Add((attack, await LookAsync(attack, calm, problems)));
            attacker.Undo(attack);
        }

        await IntegrityTable.PageShouldSayAsync(outcomes);
        problems.Should().BeEmpty();
        (await AskAsync()).Should().Equal(calm, "everything is as it was");
    }

    // Two tenants with keys of several states, two API keys of the first, two kept results: for each row another like it.
    private async Task<HttpClient> PrepareAsync()
    {
        _ = App.InitialApiKey;
        Later();
        HttpClient right = App.ClientFor(await App.CreateTenantAsync("right"));
        Later();
        HttpClient extra = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Admin));
        await Client.GenerateAsync("AES-256", new { name = "orders", kid = "orders-1" });
        Later();
        await Client.RotateAsync("AES-256", new { name = "orders" });
        string ciphertext =
            (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=", name = "orders" })).Text("ciphertext");
        Later();
        await Client.GenerateAsync("Ed25519", new { name = "seals", kid = "seals-1" });
        Later();
        await right.GenerateAsync("AES-256", new { name = "orders", kid = "right-1" });
        Later();
        await Client.GenerateAsync("AES-256", new { name = "counted", kid = "counted-1", max_usage_limit = 100 });
        await UseCountedAsync();
        foreach (string name in new[] { "kept", "held" })
        {
            Later();
            (await Client.PostOnceAsync(name, "/kms/keys/generate", $$"""{"algorithm":"AES-256","name":"{{name}}","kid":"{{name}}-1"}"""))
                .ShouldBe(HttpStatusCode.Created);
        }

        foreach (string device in new[] { "phone", "tablet" })
        {
            Later();
            (await right.RegisterAsync(device, "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);
        }

        Later();
        (await Client.RegisterAsync("other", "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);
        Later();
        await NameKeysAsync(right, Later);
        Later();
        _job = await Client.ScheduleAsync("kept-1", App.InHours(1));
        Later();
        await Client.ScheduleAsync("held-1", App.InHours(2), """{"algorithm":"AES-256","kid":"held-2"}""");
        using (Database database = App.OpenDatabase())
        {
            database.Execute($"INSERT INTO writes (write_id, committed_at) VALUES ({Hex(_write)}, 9000000000000)");
            Damage.InventRow(database, "credential_usage");
            Damage.InventRow(database, "observed_hours");
            Damage.InventRow(database, "destruction_hold");
        }

        Ask("list", () => Client.GetJsonAsync("/kms/keys"), Listed);
        Ask("list", () => right.GetJsonAsync("/kms/keys"), Listed);
        Ask("extra", () => extra.GetJsonAsync("/kms/keys/seals-1"), answer => answer.Data.ToJsonString());
        foreach (string kid in new[] { "orders-1", "kept-1", "inserted" })
            Ask(kid, () => Client.GetJsonAsync($"/kms/keys/{kid}"), answer => answer.Data.ToJsonString());

        Ask("jobs", () => Client.GetJsonAsync("/kms/rotation-jobs"), answer => answer.Data["jobs"]!.ToJsonString());
        Ask("by number", () => Client.GetJsonAsync("/kms/keys/1?algorithm=AES-256&name=orders"), answer => answer.Text("kid"));
        Ask("inserted key", () => Client.GetJsonAsync("/kms/keys/active?algorithm=AES-256&name=inserted"), answer => answer.Text("kid"));
        Ask("revoked", () => EncryptAsync(Client, new { plaintext = "aGVsbG8=", kid = "orders-1" }), answer => answer.Text("kid"));
        Ask("encrypt", () => EncryptAsync(Client, new { plaintext = "aGVsbG8=", name = "orders" }), answer => answer.Text("kid"));
        Ask("decrypt", () => Client.UseAsync("/crypto/decrypt", new { ciphertext }), answer => answer.Text("plaintext"));
        Ask(
            "sign",
            () => Client.UseAsync("/signature/sign", new { message = "aGVsbG8=", algorithm = "Ed25519", name = "seals" }),
            answer => answer.Text("signature"));
        Ask("right", () => EncryptAsync(right, new { plaintext = "aGVsbG8=", name = "orders" }), answer => answer.Text("kid"));
        Ask(
            "repeated",
            () => Client.PostOnceAsync("kept", "/kms/keys/generate", """{"algorithm":"AES-256","name":"kept","kid":"kept-1"}"""),
            answer => answer.Data.ToJsonString());
        _probes.AddRange(await ProbesOfNamesAsync());
        string forged = ForgedKeys.WithChecksum($"{App.InitialApiKey[..5]}inserted0000{App.InitialApiKey[17..]}");
        HttpClient stranger = App.ClientFor(forged);
        Ask("stranger", () => stranger.GetJsonAsync("/kms/keys"), Listed);
        return right;

        static Task<Answer> EncryptAsync(HttpClient client, object members) => client.UseAsync("/crypto/encrypt", members);

        void Ask(string name, Func<Task<Answer>> ask, Func<Answer, string> say) => _probes.Add((name, ask, say));

        // No two rows are made at the same time, so that each column of time differs from that of the other row.
        void Later() => App.Time.ShiftWallClock(TimeSpan.FromSeconds(1));

        static string Listed(Answer answer) =>
            string.Join(" ", answer.Data["keys"]!.AsArray().Select(key => $"{key!["kid"]} {key["status"]}"));
    }

    // So that most rows have been otherwise before.
    private async Task ChangeAsync(HttpClient right)
    {
        App.Time.ShiftWallClock(TimeSpan.FromSeconds(1));
        (await Client.RevokeAsync("orders-1")).ShouldBe(HttpStatusCode.NoContent);
        (await Client.SendJsonAsync(HttpMethod.Delete, _job!.Headers["Location"], null)).ShouldBe(HttpStatusCode.OK);
        await Client.RotateAsync("AES-256", new { name = "orders" });
        await right.RotateAsync("AES-256", new { name = "orders" });
        RowSealer sealer = App.Services.GetRequiredService<RowSealer>();
        TenantProvisioning provisioning = App.Services.GetRequiredService<TenantProvisioning>();
        TenantId first = await App.FirstTenantAsync();
        Guid extra = Id($"SELECT id FROM credentials WHERE label = 'test' AND tenant_id = {Hex(first.Value)}");
        Guid rightTenant = Id("SELECT id FROM tenants WHERE name = 'right'");
        (await App.Store().WriteAsync(
            async session =>
            {
                Credential credential =
                    sealer.Open((await Repositories.Credentials.FindAsync(session, first, new CredentialId(extra)))!);
                Tenant tenant = sealer.Open((await Repositories.Tenants.FindAsync(session, new TenantId(rightTenant)))!);
                return await provisioning.UpdateAsync(session, credential with { Label = "changed" })
                    && await provisioning.UpdateAsync(session, tenant with { Plan = "pro" });
            },
            CancellationToken.None)).Should().BeTrue();

        await RootKeys.RootKeyCommands.RunAsync(
            App.DataDirectory, "add", $"--file={Path.Combine(App.DataDirectory, "second.key")}", "--generate");
        await UseCountedAsync();
        await ChangeNamesAsync();
        (await right.RotateDeviceAsync("phone")).ShouldBe(HttpStatusCode.Created);
        (await right.RegisterAsync("watch", "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);

        Guid Id(string sql)
        {
            using Database asked = App.OpenDatabase();
            return new Guid((byte[])asked.Scalar(sql)!, bigEndian: true);
        }
    }

    private const string FirstRootWrapper = "(SELECT wrapper_id FROM root_wrappers ORDER BY wrapper_id LIMIT 1)";

    private Task<Answer> UseCountedAsync() => Client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=", kid = "counted-1" });

    private static string Hex(Guid id) => $"x'{Convert.ToHexString(id.ToByteArray(bigEndian: true))}'";

    private async Task<IReadOnlyList<AttackedRow>> RowsAsync()
    {
        byte[] made = [.. Enumerable.Repeat((byte)9, 16)];
        string first = Hex((await App.FirstTenantAsync()).Value);
        string of = $"tenant_id = {first}";
        string right = "tenant_id = (SELECT id FROM tenants WHERE name = 'right')";
        string orders = $"(SELECT id FROM keys WHERE name = 'orders' AND {of})";
        string version = $"(SELECT id FROM key_versions WHERE key_id = {orders} AND version = 2)";
        const string tagged = "(SELECT key_id FROM key_versions WHERE kid = 'right-1')";
        const string counted = "(SELECT id FROM key_versions WHERE kid = 'counted-1')";
        List<AttackedRow> rows =
        [
            new("root_wrappers", "root_wrappers", $"wrapper_id = {FirstRootWrapper}", null, ("wrapper_id", made)),
            new("root_wrapper_set", "root_wrapper_set", "1 = 1", null, ("only_row", 2L)),
            new(
                "tenants", "tenants", "name = 'right'", "name = 'default'",
                ("id", made), ("account_id", "999999999999"), ("name", "inserted")),
            new("keyring, of a tenant", "keyring", of, right, ("id", made), ("version", 2L)),
            new("keyring, of the installation", "keyring", "kind = 3", "kind = 4", ("id", made), ("version", 2L)),
            new(
                "keys", "keys", $"id = {orders}", $"name = 'kept' AND {of}",
                ("id", made), ("name", "inserted"), ("active_kid", "inserted")),
            new(
                "key_versions", "key_versions", "kid = 'orders-1'", $"key_id = {orders} AND version = 2",
                ("id", made), ("kid", "inserted"), ("version", 99L), ("previous_kid", null)),
            new(
                "key_material", "key_material", $"version_id = {version}",
                "version_id = (SELECT id FROM key_versions WHERE kid = 'kept-1')", ("version_id", made)),
            new(
                "credentials", "credentials", $"{of} AND label IN ('test', 'changed')", $"{of} AND label = 'initial'",
                ("id", made), ("lookup_id", "inserted0000")),
            new("idempotency", "idempotency", "idempotency_key = 'kept'", "idempotency_key = 'held'", ("idempotency_key", "inserted")),
            new("schema_migrations", "schema_migrations", "number = 1", "number = 2", ("number", 99L), ("name", "0099_inserted")),
            new("installation", "installation", "1 = 1", null, ("only_row", 2L)),
            new(
                "audit_events", "audit_events", "action = 'key.revoked' AND kid = 'orders-1'",
                "action = 'key.generated' AND kid = 'seals-1'",
                ("id", made), ("position", 999L)),
            new("audit_streams", "audit_streams", $"{of} AND stream = 1", $"{right} AND stream = 1", ("stream", 9L), ("kind", 2L)),
            new("key_usage", "key_usage", $"version_id = {counted}", null, ("version_id", made)),
            new("credential_usage", "credential_usage", "1 = 1", null, ("credential_id", made)),
            new("rotation_jobs", "rotation_jobs", "kid = 'kept-1'", "kid = 'held-1'", ("id", made)),
            new("observed_hours", "observed_hours", "hour = 16", null, ("hour", 17L)),
            new("destruction_hold", "destruction_hold", "1 = 1", null, ("only_row", 2L)),
            new(
                "version_counts", "version_counts", $"{of} AND algorithm = 'AES-256'", $"{of} AND algorithm = 'Ed25519'",
                ("algorithm", "inserted")),
            new("aliases", "aliases", "name = 'alias/moved'", "name = 'alias/still'", ("name", "alias/inserted")),
            new("key_tags", "key_tags", $"key_id = {tagged}", $"key_id <> {tagged}", ("key_id", made)),
            new("devices", "devices", "device_id = 'phone'", "device_id = 'tablet'", ("device_id", "inserted")),
            new("device_counts", "device_counts", right, of, ("tenant_id", made)),
            new("writes", "writes", $"write_id = {Hex(_write)}", null, ("write_id", made)),
        ];
        if (TestStorage.IsPostgres)
            rows.Add(new AttackedRow("schema_lock", "schema_lock", "1 = 1", null, ("only_row", 2L)));

        return rows;
    }

    /// <summary>What the service notices, at the start or at a use, and whether what it answers is still what it was.</summary>
    private async Task<string> LookAsync(Attack attack, string[] calm, List<string> problems)
    {
        List<string> noticed = [];

        // First: what is noticed later is journalled, and changes the journal.
        bool isFound = (await VerifyAsync()).Except(_calmFindings).Any();
        if (await StartRefusalAsync() is not null)
            noticed.Add("start");

        // Each attack is the first one: what strangers meet is said once only.
        ForgetWhatWasSaid();
        int alarms = CriticalLines();
        string[] asked = await AskAsync();
        bool isSaid = CriticalLines() > alarms;
        (string Name, string Now, string Before)[] changed =
            [.. _probes.Select((probe, i) => (probe.Name, asked[i], calm[i])).Where(probe => probe.Item2 != probe.Item3)];
        if (isSaid)
            noticed.Add("use");

        if (changed.Any(probe => probe.Now.Contains("unreadable", StringComparison.Ordinal)))
            noticed.Add("list");

        if (isFound)
            noticed.Add("verify");

        if (!isSaid && changed.Any(probe => probe.Now.StartsWith("500", StringComparison.Ordinal)))
            problems.Add($"{attack}: 500 without a word to the operator: {string.Join("; ", changed)}");

        if (noticed.Count > 0)
            return string.Join(", ", noticed);

        string whole = $"{attack.Row.Name} {attack.Kind}";
        string[] names = attack.Column is null ? [whole, attack.Row.Name] : [$"{attack.Row.Name}.{attack.Column}", whole, attack.Row.Name];
        string? reason = names.Select(name => _unnoticed.FirstOrDefault(known => known.What == name).Reason)
            .FirstOrDefault(found => found is not null);
        if (reason is null)
            problems.Add($"{attack}: nobody notices, and no reason is given. {string.Join("; ", changed)}");

        return $"not noticed: {reason}";
    }

    // The lines of what was found, or why it could not be looked for.
    private async Task<string[]> VerifyAsync()
    {
        try
        {
            (_, string output) = await Verification.Verify.RunAsync(App.DataDirectory);
            return [.. output.Split('\n').Where(line => line.StartsWith("FOUND", StringComparison.Ordinal))];
        }
        catch (Exception e) when (e is StoreUnusableException or RootKeyException or Core.Sealing.SealBrokenException)
        {
            return [e.Message];
        }
    }

    private void ForgetWhatWasSaid()
    {
        FieldInfo said = typeof(IntegrityAlarm).GetField("_saidOnce", BindingFlags.Instance | BindingFlags.NonPublic)!;
        ((ConcurrentDictionary<string, byte>)said.GetValue(App.Services.GetRequiredService<IntegrityAlarm>())!).Clear();
    }

    private int CriticalLines() => App.Log.GetSnapshot().Count(record => record.Level == LogLevel.Critical);

    // Each as a caller sees it; keys are read and unwrapped anew.
    private async Task<string[]> AskAsync()
    {
        App.Time.Advance(TimeSpan.FromMinutes(11));
        List<string> answers = [];
        foreach ((_, Func<Task<Answer>> ask, Func<Answer, string> say) in _probes)
        {
            Answer answer = await ask();
            bool isGood = (int)answer.Status < 300;
            string unreadable =
                isGood && answer.Json["data"]?["unreadable"] is JsonArray { Count: > 0 } array ? $" unreadable {array.Count}" : "";
            answers.Add($"{(int)answer.Status}{unreadable} {(isGood ? say(answer) : answer.ErrorCode ?? (string?)answer.Json["__type"])}");
        }

        return [.. answers];
    }

    // What a start does before it serves, on the database as it is: schema, keyring, tenants.
    private async Task<string?> StartRefusalAsync()
    {
        IdGenerator ids = new(TimeProvider.System);
        using Keyring keyring = new(TimeProvider.System, ids);
        using RootKeyEnvironment environment = new();
        try
        {
            await StartOnDatabase.MigrateAsync(App);
            await Keyrings.Openers.For(App.Store(), Repositories.Keyring, ids, keyring)
                .OpenAsync(new RootKeyLocator(environment, App.DataDirectory), CancellationToken.None);
            await App.Services.GetRequiredService<InitialTenant>().EnsureAsync(
                _ => throw new InvalidOperationException("A new tenant was made."), () => { }, CancellationToken.None);
            return null;
        }
        catch (Exception e) when (e is StoreUnusableException or RootKeyException)
        {
            return e.Message;
        }
    }
}
