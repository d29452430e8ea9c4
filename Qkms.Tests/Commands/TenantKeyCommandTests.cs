using Qkms.Tests.Keyrings;
using Qkms.Tests.Tenants;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Commands;

/// <summary>The operator's tools, 2: <c>qkms tenant-key rotate</c>.</summary>
public sealed class TenantKeyCommandTests
{
    [Fact]
    public async Task All_tenants_or_one_get_a_new_key()
    {
        using TemporaryDirectory directory = new();
        string[] ids = await MakeTwoTenantsAsync(directory.Path);

        Guid[] first = KeysOf(directory.Path, ids);

        (int exitCode, string output) = await TenantKeyVerbs.RunTenantKeyAsync(directory.Path, "rotate", "--all");

        exitCode.Should().Be(0, output);
        output.TrimEnd().Should().EndWith("destroyed 2 old keys.").And.Contain("Made 2 new tenant keys");
        Guid[] after = KeysOf(directory.Path, ids);
        after.Should().NotIntersectWith(first);
        (exitCode, output) = await TenantKeyVerbs.RunTenantKeyAsync(directory.Path, "rotate", "--tenant=second", "--json");
        exitCode.Should().Be(0, output);
        JsonNode summary = JsonNode.Parse(output)!;
        ((int)summary["made"]!, (int)summary["destroyed"]!, (int)summary["finished"]!).Should().Be((1, 1, 0));
        summary["left"]!.AsArray().Should().BeEmpty();
        KeysOf(directory.Path, ids).Should().Equal(after[0], KeysOf(directory.Path, ids[1..])[0]).And.NotContain(after[1]);
        (exitCode, output) = await TenantKeyVerbs.RunTenantKeyAsync(directory.Path, "rotate", "--all", "--older-than=1");
        exitCode.Should().Be(0, output);
        output.Should().StartWith("Made 0 new tenant keys, wrapped 0 rows");
        (exitCode, output) = await Verify.RunAsync(directory.Path);
        exitCode.Should().Be(0, output);
        await using QkmsApplication again = new(directory.Path);
        using HttpClient mine = again.Client();
        await mine.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = "mine" });
    }

    /// <summary>What does not open is named, with an exit code of its own, and no other tenant waits for it.</summary>
    [Fact]
    public async Task What_does_not_open_is_named_and_the_others_are_rotated()
    {
        using TemporaryDirectory directory = new();
        string[] ids = await MakeTwoTenantsAsync(directory.Path);

        using (Database database = TestStorage.Open(directory.Path))
        {
            database.Execute(
                "UPDATE key_material SET wrapped = @wrapped WHERE version_id = (SELECT id FROM key_versions WHERE kid = 'mine')",
                ("wrapped", Enumerable.Repeat((byte)1, 200).ToArray())).Should().Be(1);
        }

        (int exitCode, string output) = await TenantKeyVerbs.RunTenantKeyAsync(directory.Path, "rotate", "--all");

        exitCode.Should().Be(1, output);
        output.Split('\n').Should().Contain(line => line.StartsWith("LEFT: ") && line.Contains("mine"));
        using Database after = TestStorage.Open(directory.Path);
        after.TenantKeysInUse(ids[0]).Should().HaveCount(2);
        after.ShouldHaveOneTenantKey(ids[1]);
    }

    [Fact]
    public async Task What_is_wrong_is_said_and_nothing_is_written()
    {
        using TemporaryDirectory directory = new();
        Func<Task> elsewhere = () => TenantKeyVerbs.RunTenantKeyAsync(directory.Path, "rotate", "--all");
        await elsewhere.Should().ThrowAsync<Exception>();
        Directory.GetFiles(directory.Path).Select(Path.GetFileName).Should().NotContain(["qkms.db", "initial-api-key"]);
        string id;
        await using (QkmsApplication first = new(directory.Path))
            id = (await first.FirstTenantAsync()).ToString();

        Guid[] before = KeysOf(directory.Path, [id]);
        foreach (string[] wrong in new string[][]
        {
            [], ["rotate"], ["--all"], ["list", "--all"], ["rotate", "--tenant="], ["rotate", "--tenant=nobody"],
            ["rotate", "--all", "--tenant=default"], ["rotate", "--all", "--older-than="], ["rotate", "--all", "--older-than=0"],
            ["rotate", "--all", "--older-than=-1"], ["rotate", "--all", "--older-than=99999999999999999999"],
            ["rotate", "--all", "--older-than=one"],
        })
        {
            Func<Task> run = () => TenantKeyVerbs.RunTenantKeyAsync(directory.Path, wrong);
            await run.Should().ThrowAsync<SettingsException>(string.Join(' ', wrong));
        }

        File.Delete(Path.Combine(directory.Path, "root.key"));
        TestStorage.WriteRootKey(directory.Path, RandomNumberGenerator.GetBytes(32));
        Func<Task> withAnother = () => TenantKeyVerbs.RunTenantKeyAsync(directory.Path, "rotate", "--all");
        await withAnother.Should().ThrowAsync<RootKeyException>();
        KeysOf(directory.Path, [id]).Should().Equal(before);
    }

    [FactIf(Requirement.Sqlite)]
    public async Task Beside_a_running_service_on_SQLite_it_refuses()
    {
        await using QkmsApplication running = new();
        _ = running.InitialApiKey;

        Func<Task> run = () => TenantKeyVerbs.RunTenantKeyAsync(running.DataDirectory, "rotate", "--all");

        await run.Should().ThrowAsync<StoreUnusableException>();
    }

    /// <summary>On PostgreSQL two nodes run on: with what they have in memory, what they read and what they make.</summary>
    [FactIf(Requirement.Postgres)]
    public async Task Beside_running_nodes_on_PostgreSQL_it_rotates()
    {
        using NodeCluster cluster = new(PostgresServer.CreateMigrated());
        await using QkmsApplication one = cluster.NodeHere();
        using HttpClient first = one.Client();
        string id = (await one.FirstTenantAsync()).ToString();
        await using QkmsApplication other = cluster.NodeHere();
        using HttpClient second = other.ClientFor(one.InitialApiKey);
        await first.FurnishAsync();
        string ciphertext = (await first.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" })).Text("ciphertext");
        await second.MustUseAsync("/crypto/decrypt", new { ciphertext });

        (int exitCode, string output) = await TenantKeyVerbs.RunTenantKeyAsync(one.DataDirectory, one.Settings, "rotate", "--all");

        exitCode.Should().Be(0, output);
        foreach ((QkmsApplication node, HttpClient client) in new[] { (one, first), (other, second) })
        {
            await client.MustUseAsync("/crypto/decrypt", new { ciphertext });
            node.Time.Pass(TimeSpan.FromMinutes(12));
            await client.MustUseAsync("/crypto/decrypt", new { ciphertext });
            (await client.PostOnceAsync("twice", "/kms/keys/generate", """{"algorithm":"AES-256","name":"kept"}"""))
                .ShouldBe(HttpStatusCode.Created);
            (await client.GenerateAsync(KeyUseVerbs.Aes, new { name = $"after-{client.GetHashCode()}" })).ShouldBe(HttpStatusCode.Created);
            node.Log.Text.Should().NotContain("Critical ");
        }

        using (Database database = Database.OfPostgresUntouched(cluster.Database.ConnectionString))
            database.ShouldHaveOneTenantKey(id);

        (exitCode, output) = await Verify.RunAsync(one.DataDirectory, one.Settings);
        exitCode.Should().Be(0, output);
    }

    private static Guid[] KeysOf(string path, string[] ids)
    {
        using Database database = TestStorage.OpenUntouched(path);
        return [.. ids.Select(id => database.TenantKeysInUse(id).Should().ContainSingle().Which)];
    }

    /// <summary>The first one with a key "mine", and a second one; their ids.</summary>
    private static async Task<string[]> MakeTwoTenantsAsync(string dataDirectory)
    {
        await using QkmsApplication app = new(dataDirectory);
        using HttpClient client = app.Client();
        (string second, HttpClient theirs) = await app.FurnishTenantAsync(client, "second");
        theirs.Dispose();
        await client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "mine" });
        return [(await app.FirstTenantAsync()).ToString(), second];
    }
}
