namespace Qkms.Tests.Integrity;

/// <summary>
/// One turned bit in each column of each table whose rows are protected: the thing itself is refused with 500 and named in the log,
/// and nothing else is. The columns are those of the schema, so that a new one cannot be forgotten.
/// </summary>
public sealed class DamagedColumnTests : ServiceTests
{
    // Whatever stands in them, nothing is decided otherwise.
    private static readonly Dictionary<string, string> _decideNothing = new()
    {
        ["keyring.created_at"] = "for people",
    };

    // A row that nobody finds under its old name is as absent as a deleted one.
    private static readonly Dictionary<string, string> _lookedUpBy = new()
    {
        ["credentials.kind"] = "API keys are looked up by it",
        ["credentials.lookup_id"] = "API keys are looked up by it",
        ["key_versions.kid"] = "nothing else says that a kid was given away",
        ["key_versions.tenant_id"] = "nothing else says that a tenant has a kid",
    };

    // A row by which nobody can prove himself is a wrong key to whoever calls, and said to the operator.
    private static readonly string[] _provedBy = ["credentials.verifier", "credentials.hash_key_id"];

    private static readonly string[] _startTables = ["root_wrappers"];

    private static readonly string[] _walked =
        ["tenants", "keys", "key_versions", "credentials", "key_material", "keyring", .. _startTables];

    private static readonly Dictionary<string, string> _notProtected = new()
    {
        ["installation"] = "an id for people",
        ["schema_migrations"] = "checked by its hashes, by SqliteStartTests and PostgresStartTests",
        ["schema_lock"] = "holds nothing",
        ["key_usage"] = "changes with every use",
        ["credential_usage"] = "changes with every use",
        ["audit_events"] = "chained and keyed, by StreamTests",
        ["audit_streams"] = "nothing reads it but the next write of the journal, by StreamTests",
        ["rotation_jobs"] = "sealed, by RotationSchedulerTests",
        ["aliases"] = "sealed and held against the journal, by AliasIntegrityTests",
        ["key_tags"] = "sealed, by AliasIntegrityTests",
        ["devices"] = "sealed and held against the keys, by DeviceLimitTests",
        ["device_counts"] = "sealed, by DeviceLimitTests",
        ["idempotency"] = "sealed, by IdempotencyKeyTests",
        ["root_wrapper_set"] = "authenticated by the master key, by RootKeyFaultTests",
        ["writes"] = "holds ids for some minutes",
        ["observed_hours"] = "can only delay a destruction, whose date is sealed",
        ["destruction_hold"] = "can only delay a destruction, or end a hold: the waiting time is counted all the same",
        ["version_counts"] = "only says how long a list is",
        ["epochs"] = "can only raise what a server must be, by PostgresTimeline tests",
    };

    private readonly List<string> _problems = [];

    public static TheoryData<Flip> Flips => [Flip.Low, Flip.High];

    [Fact]
    public void Every_table_is_either_walked_or_needs_no_protection()
    {
        _ = App.Server;
        using Database database = App.OpenDatabase();

        database.TableNames().Should().BeSubsetOf(_walked.Concat(_notProtected.Keys)).And.Contain(_walked);
    }

    [Theory]
    [MemberData(nameof(Flips))]
    public async Task A_damaged_key_version_is_refused_alone(Flip flip)
    {
        string witness = (await Client.GenerateAsync("ML-KEM-512")).Text("kid");
        foreach (string column in Columns(App, "key_versions"))
        {
            string name = $"damaged-{column}";
            string kid = (await Client.GenerateAsync("ML-KEM-512", new { name })).Text("kid");
            Apply(App, "key_versions", column, $"kid = '{kid}'", flip);

            string what = $"key_versions.{column}";
            Broken(what, await Client.GetJsonAsync($"/kms/keys/active?algorithm=ML-KEM-512&name={name}"));
            Named(App, what, $"key version {kid}");
            Journalled(App, what, $"key version {kid}");
            Broken(what, await Client.GetJsonAsync($"/kms/keys/1?algorithm=ML-KEM-512&name={name}"));
            Broken(what, await Client.UseAsync("/kem/encapsulate", new { algorithm = "ML-KEM-512", name }));
            Answer byKid = await Client.GetJsonAsync($"/kms/keys/{kid}");
            if (_lookedUpBy.ContainsKey(what))
                Expect(what, byKid, HttpStatusCode.NotFound, "ERR_KMS_003");
            else
                Broken(what, byKid);
        }

        Answer list = (await Client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        list.Data["keys"]!.AsArray().Select(key => (string)key!["kid"]!).Should().Equal(witness);
        list.Data["unreadable"]!.AsArray()
            .Should().HaveCount(Columns(App, "key_versions").Count - 2, "all but those that seem to be of another tenant or owner");
        await ShouldGoOnAsync(Client);
    }

    [Theory]
    [MemberData(nameof(Flips))]
    public async Task A_damaged_key_is_refused_alone(Flip flip)
    {
        await Client.GenerateAsync("ML-KEM-512");
        foreach (string column in Columns(App, "keys"))
        {
            string name = $"damaged-{column}";
            Answer made = await Client.GenerateAsync("ML-KEM-512", new { name });
            Apply(App, "keys", column, $"name = '{name}'", flip);

            string what = $"keys.{column}";
            string choice = $"\"algorithm\":\"ML-KEM-512\",\"name\":\"{name}\"";
            if (_decideNothing.ContainsKey(what))
            {
                Expect(what, await Client.GetJsonAsync($"/kms/keys/active?algorithm=ML-KEM-512&name={name}"), HttpStatusCode.OK, null);
                continue;
            }

            Broken(what, await Client.GetJsonAsync($"/kms/keys/active?algorithm=ML-KEM-512&name={name}"));
            Broken(what, await Client.GetJsonAsync($"/kms/keys/1?algorithm=ML-KEM-512&name={name}"));
            Broken(what, await Client.PostJsonAsync("/kms/keys/generate", $"{{{choice}}}"));
            Broken(what, await Client.PostJsonAsync("/kms/keys/rotate", $"{{{choice}}}"));
            Broken(what, await Client.PostJsonAsync("/kms/keys/retire", $"{{{choice},\"key_version\":1,\"allow_no_active\":true}}"));
            Broken(what, await Client.UseAsync("/kem/encapsulate", new { kid = made.Text("kid") }));
            Broken(what, await Client.RevokeAsync(made.Text("kid")));
            NamedAny(App, what, made.Text("key_id"), made.Text("kid"));
            Broken(what, await Client.GetJsonAsync($"/kms/keys/{made.Text("kid")}"));
            if (!await IsUnreadableAsync(made.Text("kid")))
                _problems.Add($"{what}: the list shows the version of a key that is damaged");
        }

        await ShouldGoOnAsync(Client);
    }

    [Theory]
    [MemberData(nameof(Flips))]
    public async Task Damaged_material_is_refused_alone(Flip flip)
    {
        await Client.GenerateAsync("ML-KEM-512");
        foreach (string column in Columns(App, "key_material"))
        {
            string kid = (await Client.GenerateAsync("AES-256", new { name = $"damaged-{column}" })).Text("kid");
            Apply(App, "key_material", column, $"version_id = (SELECT id FROM key_versions WHERE kid = '{kid}')", flip);

            string what = $"key_material.{column}";
            Broken(what, await Client.UseAsync("/crypto/encrypt", new { plaintext = new byte[1], kid }));
            Named(App, what, $"key version {kid}");
            Journalled(App, what, $"key version {kid}");
            Expect(what, await Client.GetJsonAsync($"/kms/keys/{kid}"), HttpStatusCode.OK, null);
        }

        await ShouldGoOnAsync(Client);
    }

    [Theory]
    [MemberData(nameof(Flips))]
    public async Task A_damaged_api_key_is_refused_alone(Flip flip)
    {
        using HttpClient admin = App.Client();
        await admin.GenerateAsync("ML-KEM-512");
        foreach (string column in Columns(App, "credentials"))
        {
            string apiKey = await App.CreateTenantAsync($"damaged-{column}");
            using HttpClient client = App.ClientFor(apiKey);
            Apply(App, "credentials", column, $"lookup_id = '{apiKey[5..17]}'", flip);
            int before = Alarms(App);

            string what = $"credentials.{column}";
            Answer answer = await client.GetJsonAsync("/kms/keys");
            if (_decideNothing.ContainsKey(what))
                Expect(what, answer, HttpStatusCode.OK, null);
            else if (_lookedUpBy.ContainsKey(what))
                Expect(what, answer, HttpStatusCode.Unauthorized, "ERR_AUTH_001");
            else if (_provedBy.Contains(what))
                RefusedAndSaid(App, what, answer, before, "credential ");
            else
                BrokenAndSaid(App, what, answer, before, "credential ");
        }

        await ShouldGoOnAsync(admin);
    }

    [Theory]
    [MemberData(nameof(Flips))]
    public async Task A_damaged_tenant_is_refused_alone(Flip flip)
    {
        using HttpClient admin = App.Client();
        await admin.GenerateAsync("ML-KEM-512");
        foreach (string column in Columns(App, "tenants"))
        {
            using HttpClient client = App.ClientFor(await App.CreateTenantAsync($"damaged-{column}"));
            Apply(App, "tenants", column, $"name = 'damaged-{column}'", flip);
            int before = Alarms(App);

            BrokenAndSaid(App, $"tenants.{column}", await client.GetJsonAsync("/kms/keys"), before, "tenant ");
        }

        await ShouldGoOnAsync(admin);
    }

    // The keys of tenants; those of the installation are DamagedKeyringTests.
    [Theory]
    [MemberData(nameof(Flips))]
    public async Task A_damaged_tenant_key_opens_nothing_and_hides_nothing(Flip flip)
    {
        using HttpClient admin = App.Client();
        await admin.GenerateAsync("ML-KEM-512");
        foreach (string column in Columns(App, "keyring"))
        {
            string name = $"damaged-{column}";
            using HttpClient client = App.ClientFor(await App.CreateTenantAsync(name));
            string kid = (await client.GenerateAsync("AES-256")).Text("kid");
            Apply(App, "keyring", column, $"tenant_id = (SELECT id FROM tenants WHERE name = '{name}')", flip);
            int before = Alarms(App);

            string what = $"keyring.{column}";
            Answer used = await client.UseAsync("/crypto/encrypt", new { plaintext = new byte[1], kid });
            Answer made = await client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"ML-KEM-512"}""");
            if (_decideNothing.ContainsKey(what))
            {
                Expect(what, used, HttpStatusCode.OK, null);
                Expect(what, made, HttpStatusCode.Created, null);
            }
            else
            {
                BrokenAndSaid(App, what, used, before, "");
                BrokenAndSaid(App, what, made, before + 1, "the key of tenant ");
            }

            Expect(what, await client.GetJsonAsync($"/kms/keys/{kid}"), HttpStatusCode.OK, null);
        }

        await ShouldGoOnAsync(admin);
    }

    private async Task<bool> IsUnreadableAsync(string kid) =>
        (await Client.GetJsonAsync("/kms/keys")).Data["unreadable"]!.AsArray().Any(unreadable => (string)unreadable! == kid);

    private static IReadOnlyList<string> Columns(QkmsApplication app, string table)
    {
        using Database database = app.OpenDatabase();
        return database.ColumnNames(table);
    }

    private static void Apply(QkmsApplication app, string table, string column, string where, Flip flip)
    {
        using Database database = app.OpenDatabase();
        Damage.Apply(database, table, column, where, flip);

        // What the service read before may be used for half a second more.
        app.Time.OutliveCaches();
    }

    private async Task ShouldGoOnAsync(HttpClient client)
    {
        _problems.Should().BeEmpty();
        (await client.GetJsonAsync("/kms/keys/active?algorithm=ML-KEM-512")).ShouldBe(HttpStatusCode.OK);
        await client.RotateAsync("ML-KEM-512");
        await client.MustUseAsync("/kem/encapsulate", new { algorithm = "ML-KEM-512" });
    }

    private void Broken(string what, Answer answer) => Expect(what, answer, HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");

    private void BrokenAndSaid(QkmsApplication app, string what, Answer answer, int before, string named)
    {
        Broken(what, answer);
        Said(app, what, before, named);
    }

    private void RefusedAndSaid(QkmsApplication app, string what, Answer answer, int before, string named)
    {
        Expect(what, answer, HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        Said(app, what, before, named);
    }

    private void Said(QkmsApplication app, string what, int before, string named)
    {
        string[] said = [.. Alarm(app).Skip(before)];
        if (said.Length == 0 || !said[0].Contains($"the protection of {named}", StringComparison.Ordinal))
            _problems.Add($"{what}: the log does not name {named}");
    }

    private void Expect(string what, Answer answer, HttpStatusCode status, string? code)
    {
        if (answer.Status != status || (code is not null && answer.ErrorCode != code))
            _problems.Add($"{what}: {(int)answer.Status} {((int)answer.Status < 300 ? "" : answer.Body)}");
    }

    private void Named(QkmsApplication app, string what, string thing) => NamedAny(app, what, thing);

    private void NamedAny(QkmsApplication app, string what, params string[] things)
    {
        if (!Alarm(app).Any(line => things.Any(thing => line.Contains(thing, StringComparison.Ordinal))))
            _problems.Add($"{what}: the log does not name {things[0]}");
    }

    private void Journalled(QkmsApplication app, string what, string thing)
    {
        using Database database = app.OpenDatabase();
        if (database.Scalar($"SELECT COUNT(*) FROM audit_events WHERE action = 'integrity.failed' AND reason = '{thing}'") is not 1L)
            _problems.Add($"{what}: the journal does not name {thing} once");
    }

    private static IEnumerable<string> Alarm(QkmsApplication app) =>
        app.Log.Lines.Where(line => line.StartsWith("Critical ", StringComparison.Ordinal));

    private static int Alarms(QkmsApplication app) => Alarm(app).Count();
}
