namespace Qkms.Tests.Nodes;

/// <summary>Two service processes on one database, started once for all tests of a class.</summary>
public sealed class TwoNodes : IAsyncLifetime, IDisposable
{
    private NodeCluster? _cluster;
    private HttpClient[] _clients = [];

    internal NodeCluster Cluster => _cluster ?? throw new InvalidOperationException("No node was started.");

    internal IReadOnlyList<ServiceProcess> Processes { get; private set; } = [];

    internal HttpClient A => _clients[0];

    internal HttpClient B => _clients[1];

    public async Task InitializeAsync()
    {
        if (PostgresServer.MissingReason is not null)
            return;

        _cluster = new NodeCluster(PostgresServer.CreateMigrated());
        Processes = await Task.WhenAll(_cluster.StartAsync(), _cluster.StartAsync());
        _clients = [.. Processes.Select(node => _cluster.ClientOf(node))];
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        Array.ForEach(_clients, client => client.Dispose());
        _cluster?.Dispose();
    }

    /// <summary>Sends the same requests to both nodes at once, <paramref name="each"/> to either, and waits for every answer.</summary>
    internal async Task<IReadOnlyList<Answer>> RaceAsync(int each, Func<HttpClient, Task<Answer>> send) =>
        await Task.WhenAll(Enumerable.Range(0, 2 * each).Select(i => Task.Run(() => send(_clients[i % 2]))));
}
