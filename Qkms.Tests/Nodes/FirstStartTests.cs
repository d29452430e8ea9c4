using Qkms.Storage.Migrations;

namespace Qkms.Tests.Nodes;

/// <summary>Nodes that start together on a database with nothing in it become one service.</summary>
public sealed class FirstStartTests
{
    [FactIf(Requirement.Postgres)]
    public async Task Three_processes_that_start_at_once_on_an_empty_database_are_one_service()
    {
        using NodeCluster cluster = new(PostgresServer.CreateEmpty());

        ServiceProcess[] processes = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(cluster.StartAsync)));

        ShouldBeOneInstallation(cluster);

        // Each says so after what it says of a first start.
        await Task.WhenAll(processes.Select(process => process.SaysAsync("Qkms runs on")));
        processes.Count(process => process.Output.Contains("First start", StringComparison.Ordinal)).Should().Be(1);
        processes.Count(process => process.Output.Contains("Migration 0001", StringComparison.Ordinal)).Should().Be(1);
        HttpClient[] clients = [.. processes.Select(process => cluster.ClientOf(process))];
        await ShouldShareKeysAsync(clients);
        Array.ForEach(clients, client => client.Dispose());
    }

    // In this process the nodes come closer to each other at every step, and they can start many times.
    [FactIf(Requirement.Postgres)]
    public async Task Three_nodes_that_start_at_the_same_moment_are_one_service_every_time()
    {
        for (int run = 0; run < LongTests.Choose(usual: 3, large: 50); run++)
        {
            using NodeCluster cluster = new(PostgresServer.CreateEmpty());
            QkmsApplication[] nodes = [.. Enumerable.Range(0, 3).Select(_ => cluster.NodeHere())];
            using Barrier together = new(nodes.Length);

            await Task.WhenAll(nodes.Select(node => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait(TimeSpan.FromSeconds(30));
                    return node.Server;
                },
                TaskCreationOptions.LongRunning)));

            ShouldBeOneInstallation(cluster);
            HttpClient[] clients = [.. nodes.Select(node => node.ClientFor(cluster.InitialApiKey))];
            await ShouldShareKeysAsync(clients);
            Array.ForEach(clients, client => client.Dispose());
            foreach (QkmsApplication node in nodes)
                await node.DisposeAsync();
        }
    }

    [FactIf(Requirement.Postgres)]
    public async Task A_node_with_another_root_key_is_refused_and_told_both_ids()
    {
        using NodeCluster cluster = new(PostgresServer.CreateMigrated());
        ServiceProcess first = await cluster.StartAsync();
        string otherKey = NodeCluster.NewRootKey();

        (int exitCode, string output, bool leftApiKey) = await cluster.StartInVainAsync(otherKey);

        exitCode.Should().Be(1, output);
        output.Should().Contain("root key does not match this database").And.Contain(IdOf(cluster.RootKey)).And.Contain(IdOf(otherKey));
        output.Should().NotContain(otherKey).And.NotContain("   at ");
        leftApiKey.Should().BeFalse();
        using HttpClient client = cluster.ClientOf(first);
        await client.GenerateAsync();
        ShouldBeOneInstallation(cluster);
    }

    // It is not made by itself here: that would hide that the right one is missing.
    [FactIf(Requirement.Postgres)]
    public async Task A_node_without_a_root_key_is_refused()
    {
        using NodeCluster cluster = new(PostgresServer.CreateEmpty());

        (int exitCode, string output, bool leftApiKey) = await cluster.StartInVainAsync(rootKey: null);

        exitCode.Should().Be(1, output);
        output.Should().Contain("There is no root key").And.NotContain("   at ");
        leftApiKey.Should().BeFalse();
    }

    // Who is first decides; the database never holds what two root keys have sealed.
    [FactIf(Requirement.Postgres)]
    public async Task Of_nodes_with_different_root_keys_that_start_at_once_one_is_served()
    {
        using NodeCluster cluster = new(PostgresServer.CreateMigrated());
        using NodeCluster other = new(PostgresServer.CreateMigrated());
        QkmsApplication[] nodes = [cluster.NodeHere(), other.NodeHere(cluster.Database.ConnectionString)];
        using Barrier together = new(nodes.Length);

        Exception?[] failures = await Task.WhenAll(nodes.Select(node => Task.Factory.StartNew(
            () =>
            {
                together.SignalAndWait(TimeSpan.FromSeconds(30));
                return Record.Exception(() => node.Server);
            },
            TaskCreationOptions.LongRunning)));

        failures.Should().ContainSingle(failure => failure == null);
        cluster.Ask<long>("SELECT COUNT(DISTINCT root_key_id) FROM root_wrappers").Should().Be(1);
        cluster.Ask<long>("SELECT COUNT(*) FROM tenants").Should().Be(1);
        (cluster.InitialApiKeyFiles.Count + other.InitialApiKeyFiles.Count).Should().Be(1);
        foreach (QkmsApplication node in nodes)
            await node.DisposeAsync();
    }

    private static void ShouldBeOneInstallation(NodeCluster cluster)
    {
        cluster.InitialApiKeyFiles.Should().ContainSingle("who did not make the tenant takes his file back");
        cluster.Ask<string>("SELECT string_agg(name, ',' ORDER BY number) FROM schema_migrations")
            .Should().Be(string.Join(',', Migration.For("Postgres").Select(migration => migration.Name)));
        foreach ((string table, int rows) in new[] { ("installation", 1), ("tenants", 1), ("root_wrappers", 1) })
            cluster.Ask<long>($"SELECT COUNT(*) FROM {table}").Should().Be(rows, table);

        cluster.Ask<long>("SELECT COUNT(*) FROM credentials WHERE lookup_id = 'decoy'").Should().Be(1);
        cluster.Ask<long>("SELECT COUNT(*) FROM credentials WHERE lookup_id <> 'decoy'").Should().Be(1, "there is one API key");
        cluster.Ask<long>("SELECT COUNT(DISTINCT (kind, version, tenant_id)) FROM keyring")
            .Should().Be(cluster.Ask<long>("SELECT COUNT(*) FROM keyring")).And.Be(6);
    }

    /// <summary>What one encrypted the next decrypts.</summary>
    private static async Task ShouldShareKeysAsync(HttpClient[] clients)
    {
        await clients[0].GenerateAsync(KeyUseVerbs.Aes);
        byte[] plaintext = "to be or not"u8.ToArray();
        for (int i = 0; i < clients.Length; i++)
        {
            byte[] ciphertext = (await clients[i].MustUseAsync("/crypto/encrypt", new { plaintext })).Bytes("ciphertext");
            (await clients[(i + 1) % clients.Length].MustUseAsync("/crypto/decrypt", new { ciphertext })).Bytes("plaintext")
                .Should().Equal(plaintext);
            HttpClient client = clients[i];
            await Eventually.HoldsAsync(async () => (await client.GetJsonAsync("/health/ready")).Status == HttpStatusCode.OK);
        }
    }

    private static string IdOf(string rootKey)
    {
        using RootKey key = new(SecretBytes.CopyOf(Convert.FromBase64String(rootKey)), "a test");
        return key.Id;
    }
}
