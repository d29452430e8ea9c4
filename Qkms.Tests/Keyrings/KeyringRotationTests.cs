using Qkms.Api.Commands;
using Qkms.Api.Hosting;
using Qkms.Tests.Aws;
using Qkms.Tests.Tenants;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Keyrings;

/// <summary>
/// The operator's tools, 2, and F-13: the keys that belong to no tenant get successors. New work is done with them, what was done with
/// those before is good still, and nodes that run take them up.
/// </summary>
public sealed class KeyringRotationTests
{
    // What is to be found of a key: rows that name it.
    private static readonly Dictionary<string, (int Kind, string? Uses)> _kinds = new()
    {
        ["row-seal"] = (3, "SELECT COUNT(*) FROM key_versions WHERE seal_key_id = "),
        ["journal"] = (5, "SELECT COUNT(*) FROM audit_events WHERE action = 'key.generated' AND mac_key_id = "),
        ["api-key-hash"] = (2, "SELECT COUNT(*) FROM credentials WHERE hash_key_id = "),
        ["credential-secret"] = (6, "SELECT COUNT(*) FROM credentials WHERE SUBSTR(sealed_secret, 3, 16) = "),
        ["cursor"] = (4, null),
    };

    public static TheoryData<string> Kinds => [.. _kinds.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task New_work_is_done_with_the_new_key_and_what_was_done_before_is_good(string kind)
    {
        using TemporaryDirectory directory = new();
        string ciphertext, cursor, text;
        AwsSigner signer;
        await using (QkmsApplication app = new(directory.Path) { KeepsHouse = false })
        {
            using HttpClient client = app.Client();
            await client.FurnishAsync();
            ciphertext = (await client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=" })).Text("ciphertext");
            cursor = (await client.GetJsonAsync("/kms/keys?limit=1")).Text("next_cursor");
            text = await app.CreateApiKeyAsync(app.InitialApiKey, Roles.Admin);
            signer = await client.CreateAccessKeyAsync();
        }

        (int exitCode, string output) = await RunAsync(directory.Path, "rotate", $"--kind={kind}", "--json");

        exitCode.Should().Be(0, output);
        Guid made = KeysOf(directory.Path, kind)[^1];
        JsonNode summary = JsonNode.Parse(output)!;
        ((string)summary["kind"]!, (string)summary["key_id"]!, (int)summary["version"]!).Should().Be((kind, made.ToString(), 2));
        await using (QkmsApplication app = new(directory.Path) { KeepsHouse = false })
        {
            using HttpClient client = app.Client();
            (await client.MustUseAsync("/crypto/decrypt", new { ciphertext })).Text("plaintext").Should().Be("aGVsbG8=");
            (await client.GetJsonAsync($"/kms/keys?limit=1&cursor={cursor}")).ShouldBe(HttpStatusCode.OK);
            (await app.ClientFor(text).GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
            (await client.CallAsync(signer, "ListKeys", new { }, at: app.Time.GetUtcNow())).ShouldBe(HttpStatusCode.OK);
            await client.GenerateAsync(KeyUseVerbs.Aes, new { name = "after" });
            string after = await app.CreateApiKeyAsync(app.InitialApiKey, Roles.Admin);
            (await app.ClientFor(after).GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
            AwsSigner newSigner = await client.CreateAccessKeyAsync();
            (await client.CallAsync(newSigner, "ListKeys", new { }, at: app.Time.GetUtcNow())).ShouldBe(HttpStatusCode.OK);
            string next = (await client.GetJsonAsync("/kms/keys?limit=1")).Text("next_cursor");
            (await client.GetJsonAsync($"/kms/keys?limit=1&cursor={next}")).ShouldBe(HttpStatusCode.OK);
            Answer events = await client.GetJsonAsync("/audit/events?actor=host&order=asc");
            events.Data["events"]!.AsArray().Select(one => $"{one!["action"]} {one["to"]}").Should().Equal(
                kind == "journal" ? [$"keyring.rotated {made}", $"keyring.key_used {made}"] : [$"keyring.rotated {made}"]);
            app.Log.Text.Should().NotContain("Critical ");
        }

        if (_kinds[kind].Uses is { } uses)
        {
            using Database database = TestStorage.OpenUntouched(directory.Path);
            ((long)database.Scalar(uses + TenantDeletionVerbs.Stored(made.ToString()))!).Should().BePositive("new work is done with it");
            Guid first = KeysOf(directory.Path, kind)[0];
            ((long)database.Scalar(uses + TenantDeletionVerbs.Stored(first.ToString()))!).Should().BePositive("what was there stays");
        }

        await ShouldVerifyAsync(directory.Path);
    }

    /// <summary>The list says how many API keys take the old hash key still.</summary>
    [Fact]
    public async Task The_list_of_API_keys_says_how_many_are_hashed_with_an_old_key()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path))
            _ = app.InitialApiKey;

        (await ListAsync()).Should().NotContain("successor");
        await RunAsync(directory.Path, "rotate", "--kind=api-key-hash");
        await using (QkmsApplication app = new(directory.Path))
            await app.CreateApiKeyAsync(app.InitialApiKey, Roles.Admin);

        (await ListAsync()).Should().Contain("\n1 of them are hashed with an API-key hash key that has a successor.");

        async Task<string> ListAsync()
        {
            QkmsSettings settings = TestSettings.Of(directory.Path, TestStorage.SettingsOf(directory.Path));
            using RootKeyEnvironment environment = new();
            await using StringWriter output = new();
            await ApiKeyCommand.RunAsync(
                "list",
                new Dictionary<string, string>(),
                settings,
                environment,
                services => Program.AddSnapshot(services, settings),
                services => Program.AddStorage(services, settings),
                Stream.Null,
                output);
            return output.ToString();
        }
    }

    /// <summary>The event under the old key and the one under the new one follow each other.</summary>
    [Fact]
    public async Task A_journal_key_is_told_of_under_the_key_before_it_and_under_itself()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path))
            _ = app.InitialApiKey;

        await RunAsync(directory.Path, "rotate", "--kind=journal");

        using Database database = TestStorage.OpenUntouched(directory.Path);
        Guid[] keys = KeysOf(directory.Path, "journal");
        database.Bytes("SELECT mac_key_id FROM audit_events WHERE action LIKE 'keyring.%' ORDER BY position")
            .Select(id => new Guid(id, bigEndian: true)).Should().Equal(keys);
        await ShouldVerifyAsync(directory.Path);
    }

    /// <summary>F-13: who removes a new key has the service go on with the one before; the journal knows better.</summary>
    [Theory]
    [InlineData("cursor")]
    [InlineData("credential-secret")]
    public async Task A_new_key_that_was_removed_is_missed(string kind)
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path))
            _ = app.InitialApiKey;

        await RunAsync(directory.Path, "rotate", $"--kind={kind}");
        await ShouldVerifyAsync(directory.Path);
        Guid made = KeysOf(directory.Path, kind)[^1];
        using (Database database = TestStorage.Open(directory.Path))
            database.Execute($"DELETE FROM keyring WHERE id = {TenantDeletionVerbs.Stored(made.ToString())}").Should().Be(1);

        (int exitCode, string output) = await Verify.RunAsync(directory.Path);

        exitCode.Should().Be(1);
        output.Should().Contain($"key {made} of the keyring, of which the journal tells, is missing");
    }

    [Fact]
    public async Task What_is_wrong_is_said_and_nothing_is_written()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication app = new(directory.Path))
            _ = app.InitialApiKey;

        foreach (string[] wrong in new string[][]
        {
            [], ["rotate"], ["rotate", "--kind="], ["rotate", "--kind=tenant"], ["rotate", "--kind=Journal"], ["list", "--kind=journal"],
        })
        {
            Func<Task> run = () => RunAsync(directory.Path, wrong);
            await run.Should().ThrowAsync<SettingsException>(string.Join(' ', wrong));
        }

        foreach (string kind in _kinds.Keys)
            KeysOf(directory.Path, kind).Should().ContainSingle();
    }

    /// <summary>Two at once make one key after the other.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Two_rotations_at_once_make_two_keys()
    {
        using NodeCluster cluster = new(PostgresServer.CreateMigrated());
        await using QkmsApplication node = cluster.NodeHere();
        _ = node.InitialApiKey;

        await Task.WhenAll(Enumerable.Range(0, 2).Select(
            _ => Task.Run(() => RunAsync(node.DataDirectory, node.Settings, "rotate", "--kind=row-seal"))));

        cluster.Ask<long>("SELECT COUNT(*) FROM keyring WHERE kind = 3 AND version = 3").Should().Be(1);
        (int exitCode, string output) = await Verify.RunAsync(node.DataDirectory, node.Settings);
        exitCode.Should().Be(0, output);
    }

    /// <summary>Nodes that run take every new key up by themselves, and refuse nothing meanwhile.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Running_nodes_take_new_keys_up()
    {
        using NodeCluster cluster = new(PostgresServer.CreateMigrated());
        await using QkmsApplication one = cluster.NodeHere();
        using HttpClient first = one.Client();
        await using QkmsApplication other = cluster.NodeHere();
        using HttpClient second = other.ClientFor(one.InitialApiKey);
        (await second.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        foreach (string kind in _kinds.Keys)
            await RunAsync(one.DataDirectory, one.Settings, "rotate", $"--kind={kind}");

        Keyring[] keyrings = [one.Services.GetRequiredService<Keyring>(), other.Services.GetRequiredService<Keyring>()];
        Guid[] made = MadeIn(cluster);
        int count = 0;
        await Eventually.HoldsAsync(async () =>
        {
            // Each node makes something, and the other reads it.
            string name = $"n{count++}";
            await first.GenerateAsync(KeyUseVerbs.Aes, new { name, kid = $"{name}-1" });
            await second.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = $"{name}-1" });
            await second.GenerateAsync(KeyUseVerbs.Aes, new { name = $"{name}-b", kid = $"{name}-2" });
            await first.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = $"{name}-2" });
            string cursor = (await first.GetJsonAsync("/kms/keys?limit=1")).Text("next_cursor");
            (await second.GetJsonAsync($"/kms/keys?limit=1&cursor={cursor}")).ShouldBe(HttpStatusCode.OK);
            string text = await one.CreateApiKeyAsync(one.InitialApiKey, Roles.Admin);
            (await other.ClientFor(text).GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
            return keyrings.All(keyring => made.Contains(keyring.RowSealKey.Id) && made.Contains(keyring.JournalKey.Id)
                && made.Contains(keyring.CursorKey.Id) && made.Contains(keyring.CredentialHashKey.Id)
                && made.Contains(keyring.CredentialSecretKey.Id));
        });

        one.Log.Text.Should().NotContain("Critical ");
        other.Log.Text.Should().NotContain("Critical ");
        (int exitCode, string output) = await Verify.RunAsync(one.DataDirectory, one.Settings);
        exitCode.Should().Be(0, output);
    }

    /// <summary>
    /// A node that has stood still meets seals and events under keys that it has not seen: it looks for them then. An id that somebody
    /// planted is looked for once a minute.
    /// </summary>
    [FactIf(Requirement.Postgres)]
    public async Task A_node_that_has_not_looked_takes_no_seal_for_broken_and_looks_for_a_planted_one_once()
    {
        using NodeCluster cluster = new(PostgresServer.CreateMigrated());
        await using QkmsApplication still = cluster.NodeHere(furtherServices: services => services.Remove(
            services.Single(service => service.ImplementationType == typeof(KeyringWatching))));
        using HttpClient client = still.Client();
        (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        await RunAsync(still.DataDirectory, still.Settings, "rotate", "--kind=row-seal");
        await RunAsync(still.DataDirectory, still.Settings, "rotate", "--kind=journal");
        await using (QkmsApplication fresh = cluster.NodeHere())
        {
            using HttpClient theirs = fresh.ClientFor(still.InitialApiKey);
            await theirs.GenerateAsync(KeyUseVerbs.Aes, new { kid = "sealed-anew" });
        }

        KeyringWatch watch = still.Services.GetRequiredService<KeyringWatch>();
        watch.Looks.Should().Be(0);
        await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = "sealed-anew" });
        (await client.GetJsonAsync("/audit/events")).Data["events"]!.AsArray().Should().NotBeEmpty();
        still.Log.Text.Should().NotContain("Critical ");
        int looks = watch.Looks;
        looks.Should().Be(1, "one look finds both keys");

        using (Database database = Database.OfPostgres(cluster.Database.ConnectionString))
        {
            database.Execute("UPDATE key_versions SET seal_key_id = decode(repeat('07', 16), 'hex') WHERE kid = 'sealed-anew'")
                .Should().Be(1);
        }

        for (int i = 0; i < 5; i++)
        {
            still.Time.Pass(TimeSpan.FromSeconds(2));
            (await client.UseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = "sealed-anew" }))
                .ShouldBe(HttpStatusCode.InternalServerError);
        }

        watch.Looks.Should().Be(looks + 1);
        still.Time.Pass(TimeSpan.FromMinutes(2));
        await client.UseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = "sealed-anew" });
        watch.Looks.Should().Be(looks + 2);
    }

    private static Guid[] MadeIn(NodeCluster cluster)
    {
        using Database database = Database.OfPostgresUntouched(cluster.Database.ConnectionString);
        return
        [
            .. database.Bytes("SELECT id FROM keyring WHERE tenant_id IS NULL AND version = 2").Select(id => new Guid(id, bigEndian: true)),
        ];
    }

    private static Guid[] KeysOf(string path, string kind)
    {
        using Database database = TestStorage.OpenUntouched(path);
        return
        [
            .. database.Bytes($"SELECT id FROM keyring WHERE kind = {_kinds[kind].Kind} ORDER BY version")
                .Select(id => new Guid(id, bigEndian: true)),
        ];
    }

    private static Task<(int ExitCode, string Output)> RunAsync(string dataDirectory, params string[] arguments) =>
        RunAsync(dataDirectory, TestStorage.SettingsOf(dataDirectory), arguments);

    private static async Task<(int ExitCode, string Output)> RunAsync(
        string dataDirectory, IReadOnlyDictionary<string, string> storage, params string[] arguments)
    {
        QkmsSettings settings = TestSettings.Of(dataDirectory, storage);
        using RootKeyEnvironment environment = new();
        await using StringWriter output = new();
        int exitCode = await KeyringCommand.RunAsync(
            KeyringCommand.Split(arguments),
            settings,
            environment,
            services => Program.AddSnapshot(services, settings),
            services => Program.AddStorage(services, settings),
            output);
        return (exitCode, output.ToString());
    }

    private static async Task ShouldVerifyAsync(string path)
    {
        (int exitCode, string output) = await Verify.RunAsync(path);
        exitCode.Should().Be(0, output);
    }
}
