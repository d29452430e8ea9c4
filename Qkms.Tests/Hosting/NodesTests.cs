using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Qkms.Core.ApiKeys;
using Qkms.Tests.Keys;
using Qkms.Tests.Support;

namespace Qkms.Tests.Hosting;

/// <summary>Several nodes on one PostgreSQL database, each a whole service.</summary>
public sealed class NodesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly byte[] _rootKey = RandomNumberGenerator.GetBytes(32);
    private PostgresDatabase? _database;

    private PostgresDatabase Database => _database ??= PostgresServer.CreateEmpty();

    public void Dispose()
    {
        _database?.Dispose();
        _directory.Dispose();
    }

    [PostgresFact]
    public async Task Three_nodes_that_start_at_once_on_an_empty_database_are_one_service()
    {
        QkmsApplication[] nodes = [.. Enumerable.Range(0, 3).Select(i => Node($"node-{i}"))];

        await Task.WhenAll(nodes.Select(node => Task.Run(() => node.Server)));

        string[] apiKeys = [.. Directory.GetFiles(_directory.Path, InitialApiKeyFile.Name, SearchOption.AllDirectories).Select(File.ReadAllText)];
        apiKeys.Should().ContainSingle("who did not make the tenant takes his file back");
        foreach (QkmsApplication node in nodes)
        {
            using HttpClient client = node.ClientFor(apiKeys[0]);
            (await client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        }

        foreach ((string table, long rows) in ((string, long)[])[("tenants", 1), ("credentials", 1), ("root_wrappers", 1), ("schema_migrations", 1), ("installation", 1), ("keyring", 4)])
            Database.Run($"SELECT COUNT(*) FROM {table}").Should().Be(rows, table);

        await EndAsync(nodes);
    }

    [PostgresFact]
    public async Task A_node_with_another_root_key_or_with_none_is_refused()
    {
        await using QkmsApplication first = Node("first");
        _ = first.Server;
        Dictionary<string, string?> settings = new()
        {
            ["Qkms__Storage__Provider"] = "postgresql",
            ["Qkms__Storage__ConnectionString"] = $"{Database.ConnectionString};Password=p4ssword",
        };

        (int exitCode, string output) = await ServiceProcess.StartInVainAsync(_directory.File("none"), settings);
        exitCode.Should().Be(1, output);
        output.Should().Contain("There is no root key").And.NotContain("p4ssword").And.NotContain("   at ");

        settings["QKMS_ROOT_KEY"] = Convert.ToBase64String(new byte[32]);
        (exitCode, output) = await ServiceProcess.StartInVainAsync(_directory.File("other"), settings);
        exitCode.Should().Be(1, output);
        output.Should().Contain("root key does not match this database").And.NotContain("p4ssword").And.NotContain("   at ");
        File.Exists(_directory.File("other/initial-api-key")).Should().BeFalse();
    }

    // Q-21, from two nodes.
    [PostgresFact]
    public async Task Generating_one_key_on_two_nodes_makes_one_version()
    {
        await using QkmsApplication first = Node("first");
        await using QkmsApplication second = Node("second");
        HttpClient[] clients = [first.ClientFor(first.InitialApiKey), second.ClientFor(first.InitialApiKey)];
        for (int round = 0; round < 5; round++)
        {
            Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
                clients[i % 2].PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"AES-256","name":"round-{{round}}"}"""))));

            answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);
            answers.Where(answer => answer.Status != HttpStatusCode.Created).Should().OnlyContain(answer => answer.Status == HttpStatusCode.Conflict);
        }
    }

    // A-21, from two nodes, among retirements and revocations of the same key.
    [PostgresFact]
    public async Task Every_change_of_one_key_on_two_nodes_leaves_a_whole_chain()
    {
        await using QkmsApplication first = Node("first");
        await using QkmsApplication second = Node("second");
        HttpClient[] clients = [first.ClientFor(first.InitialApiKey), second.ClientFor(first.InitialApiKey)];
        await clients[0].GenerateAsync("AES-256");

        Answer[] rotations = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Task.Run(() =>
            clients[i % 2].PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256"}"""))));
        rotations.Should().OnlyContain(answer => answer.Status == HttpStatusCode.Created);
        rotations.Select(answer => answer.Number("key_version")).Should().BeEquivalentTo(Enumerable.Range(2, 24));
        await ChainShouldBeWholeAsync(clients[0]);

        Answer[] mixed = await Task.WhenAll(Enumerable.Range(0, 48).Select(i => Task.Run(() => (i % 4) switch
        {
            0 => clients[i / 4 % 2].PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256"}"""),
            1 => clients[i / 4 % 2].PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256"}"""),
            2 => clients[i / 4 % 2].PostJsonAsync("/kms/keys/retire", $$"""{"algorithm":"AES-256","key_version":{{25 + (i / 8)}},"allow_no_active":true}"""),
            _ => clients[i / 4 % 2].RevokeAsync(rotations[i / 4].Text("kid")),
        })));
        mixed.Should().OnlyContain(answer => (int)answer.Status < 500);
        JsonArray versions = (await clients[1].GetJsonAsync("/kms/keys")).Data["keys"]!.AsArray();
        versions.Select(v => (int)v!["key_version"]!).Order().Should().Equal(Enumerable.Range(1, versions.Count), "no gap and no double");
        versions.Count(v => (string)v!["status"]! == "active").Should().BeLessThanOrEqualTo(1);
        (await clients[0].GetJsonAsync("/kms/keys")).Data["unreadable"]!.AsArray().Should().BeEmpty();
    }

    //
    [PostgresFact]
    public async Task A_revoke_is_refused_by_the_other_node_within_a_second()
    {
        await using QkmsApplication first = Node("first");
        await using QkmsApplication second = Node("second");
        using HttpClient here = first.ClientFor(first.InitialApiKey);
        using HttpClient there = second.ClientFor(first.InitialApiKey);
        string kid = (await here.GenerateAsync("AES-256")).Text("kid");
        string body = $$"""{"kid":"{{kid}}","plaintext":"AAAA"}""";
        (await there.PostJsonAsync("/crypto/encrypt", body)).ShouldBe(HttpStatusCode.OK);

        (await here.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        Stopwatch since = Stopwatch.StartNew();

        (await here.PostJsonAsync("/crypto/encrypt", body)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        while ((await there.PostJsonAsync("/crypto/encrypt", body)).Status == HttpStatusCode.OK)
            since.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(1));

        (await there.PostJsonAsync("/crypto/encrypt", body)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
    }

    [PostgresFact]
    public async Task A_database_that_is_gone_is_503_and_the_service_lives_and_comes_back_by_itself()
    {
        using FaultyProxy proxy = new(Database.Port);
        await using QkmsApplication app = Node("first", Database.Through(proxy));
        using HttpClient client = app.Client();
        using HttpClient anybody = app.ClientFor(null);
        string kid = (await client.GenerateAsync("AES-256")).Text("kid");
        (await anybody.GetJsonAsync("/health/ready")).ShouldBe(HttpStatusCode.OK);

        proxy.Become(ProxyState.Refusing);
        app.Time.OutliveCaches();

        (await anybody.GetJsonAsync("/health/live")).ShouldBe(HttpStatusCode.OK);
        foreach (string path in (string[])["/health/ready", "/kms/keys", $"/kms/keys/{kid}"])
            await ShouldBeUnavailableAsync(client.GetAsync(new Uri(path, UriKind.Relative)));

        using StringContent body = new($$"""{"kid":"{{kid}}","plaintext":"AAAA"}""", System.Text.Encoding.UTF8, "application/json");
        await ShouldBeUnavailableAsync(client.PostAsync(new Uri("/crypto/encrypt", UriKind.Relative), body));

        proxy.Become(ProxyState.Open);
        Stopwatch since = Stopwatch.StartNew();
        while ((await anybody.GetJsonAsync("/health/ready")).Status != HttpStatusCode.OK)
            since.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(10));

        (await client.RotateAsync("AES-256")).Number("key_version").Should().Be(2);
    }

    private static async Task ShouldBeUnavailableAsync(Task<HttpResponseMessage> request)
    {
        using HttpResponseMessage response = await request;
        string body = await response.Content.ReadAsStringAsync();
        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable, body);
        response.Headers.RetryAfter.Should().NotBeNull();
        body.Should().Contain("ERR_SERVICE_001").And.NotContainAny("Npgsql", "127.0.0.1", "connect", "postgres");
    }

    private static async Task ChainShouldBeWholeAsync(HttpClient client)
    {
        Answer list = await client.GetJsonAsync("/kms/keys");
        RotateKeyTests.ChainShouldBeWhole(list.Data["keys"]!.AsArray(), list.Number("total"));
    }

    private static async Task EndAsync(QkmsApplication[] nodes)
    {
        foreach (QkmsApplication node in nodes)
            await node.DisposeAsync();
    }

    /// <summary>A node with a data directory of its own, on the database of all and with the root key of all.</summary>
    private QkmsApplication Node(string name, string? connectionString = null)
    {
        QkmsApplication node = new(_directory.File(name));
        node.Settings["Qkms:Storage:Provider"] = "postgresql";
        node.Settings["Qkms:Storage:ConnectionString"] = connectionString ?? Database.ConnectionString;
        TestStorage.WriteRootKey(node.DataDirectory, _rootKey);
        return node;
    }
}
