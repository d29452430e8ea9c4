using Qkms.Tests.Support.Proxy;

namespace Qkms.Tests.Nodes;

/// <summary>
/// A node of this process that reaches its database through a proxy, so that a test decides what becomes of the connections.
/// </summary>
internal sealed class NodeBehindProxy : IAsyncDisposable
{
    private readonly NodeCluster _cluster = new(PostgresServer.CreateMigrated());
    private readonly List<QkmsApplication> _nodes = [];
    private readonly PostgresPatience? _patience;

    /// <summary>Started and ready.</summary>
    /// <param name="time">Its clocks.</param>
    /// <param name="records">Whether it records every use.</param>
    /// <param name="keepsHouse">Whether due work runs in the background, and commits at times that the test does not know.</param>
    /// <param name="patience">How long it waits for the database; null for as long as every service does.</param>
    public NodeBehindProxy(
        ManualTime? time = null, bool records = true, bool keepsHouse = true, PostgresPatience? patience = null)
    {
        _patience = patience;
        Proxy = new PostgresProxy(_cluster.Database);
        Node = Add(time, records, keepsHouse);
        Client = Node.Client();
    }

    public PostgresProxy Proxy { get; }

    public QkmsApplication Node { get; }

    /// <summary>Speaks for the first tenant.</summary>
    public HttpClient Client { get; }

    /// <summary>A further node behind the same proxy.</summary>
    public QkmsApplication Add(ManualTime? time = null, bool records = true, bool keepsHouse = true)
    {
        QkmsApplication node = _cluster.NodeHere(
            Proxy.ConnectionString, time, keepsHouse: keepsHouse, hasUsualLimits: _patience is null, patience: _patience);
        node.Settings["Qkms:Audit:Uses"] = records ? "durable" : "off";
        _nodes.Add(node);
        _ = node.Server;
        return node;
    }

    /// <summary>One value of the database, past the proxy.</summary>
    public T Ask<T>(string sql) => _cluster.Ask<T>(sql);

    /// <summary>The database itself, past the proxy.</summary>
    public string ConnectionString => _cluster.Database.ConnectionString;

    /// <summary>How often something happened to keys, as the journal has it.</summary>
    public long Count(string action) => Ask<long>($"SELECT COUNT(*) FROM audit_events WHERE action = '{action}'");

    /// <summary>
    /// Lets connections pass again and waits until every node has noticed. To be ready is not enough: what the node does in the background
    /// may run out of its time just then, and callers are refused for another second.
    /// </summary>
    public async Task ReopenAsync()
    {
        Proxy.Become(ProxyWay.Open);
        foreach (QkmsApplication node in _nodes)
        {
            using HttpClient client = node.ClientFor(Node.InitialApiKey);
            await AnswersAsync(client, "/health/ready");
            await AnswersAsync(client, "/kms/keys");
        }
    }

    public async ValueTask DisposeAsync()
    {
        // First, so that no node waits for a database that is silent.
        Proxy.Dispose();
        foreach (QkmsApplication node in _nodes)
            await node.DisposeAsync();

        Client.Dispose();
        _cluster.Dispose();
    }

    private static Task AnswersAsync(HttpClient client, string path) =>
        Eventually.HoldsAsync(async () => (await client.GetJsonAsync(path)).Status == System.Net.HttpStatusCode.OK);
}
