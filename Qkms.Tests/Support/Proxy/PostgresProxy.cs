using System.Net.Sockets;
using Npgsql;

namespace Qkms.Tests.Support.Proxy;

/// <summary>
/// Stands between a node and PostgreSQL, and breaks what passes. It understands just enough of the protocol to see a COMMIT on its
/// way to the server, and the server's word that it was executed.
/// </summary>
internal sealed class PostgresProxy : IDisposable
{
    private const int SmallRow = 200;

    private volatile NpgsqlConnectionStringBuilder _server;
    private readonly Lock _lock = new();
    private readonly HashSet<ProxyLink> _links = [];
    private Socket _listener;
    private ProxyWay _way;
    private TaskCompletionSource _flow = new();
    private int _attempts;
    private int _rowsToBreak;
    private bool _disposed;

    /// <summary>Stands before the server of a database, at a port of its own.</summary>
    public PostgresProxy(PostgresDatabase database)
        : this(database.ConnectionString)
    {
    }

    /// <summary>The same, before the server of a connection string.</summary>
    public PostgresProxy(string connectionString)
    {
        _server = new NpgsqlConnectionStringBuilder(connectionString);
        _flow.SetResult();
        _listener = Bind(new IPEndPoint(IPAddress.Loopback, FreePorts.Next()));
        Address = (IPEndPoint)_listener.LocalEndPoint!;
        Listen();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>The way to the database through it. Nothing is encrypted, or it could not see what passes.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(_server.ConnectionString)
    {
        Host = Address.Address.ToString(),
        Port = Address.Port,
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;

    /// <summary>Asked about every commit that comes by, with the statements of its transaction.</summary>
    public Func<string, CommitOrder> OnCommit { get; set; } = _ => default;

    /// <summary>How many connections were made to it.</summary>
    public int Attempts => Volatile.Read(ref _attempts);

    /// <summary>How many answers a connection that is made from now on lives for; to be allowed in is the first.</summary>
    public int Lifetime { get; set; } = int.MaxValue;

    /// <summary>How many rows from now on break off in their middle, each with its connection.</summary>
    public int RowsToBreak
    {
        get => Volatile.Read(ref _rowsToBreak);
        set => Volatile.Write(ref _rowsToBreak, value);
    }

    /// <summary>Gives the next commit a fate; those after it pass.</summary>
    public void BreakNextCommit(CommitFate fate, ProxyWay then = ProxyWay.Open) => BreakNextCommits(1, fate, then);

    /// <summary>
    /// The same for the next one that changes a key. What the node does in the background commits whenever it likes: the fate would fall
    /// to that at times, and the change that the test makes would pass.
    /// </summary>
    public void BreakNextChange(CommitFate fate, ProxyWay then = ProxyWay.Open) => BreakNextCommits(1, fate, then, "INTO audit_events");

    /// <summary>Gives the next commits a fate; those after them pass.</summary>
    /// <param name="times">How many.</param>
    /// <param name="fate">What becomes of them.</param>
    /// <param name="then">How connections are treated once it is fulfilled.</param>
    /// <param name="with">Only those whose transaction has this in one of its statements.</param>
    public void BreakNextCommits(int times, CommitFate fate, ProxyWay then = ProxyWay.Open, string with = "")
    {
        int orders = times;
        OnCommit = transaction => transaction.Contains(with, StringComparison.Ordinal) && Interlocked.Decrement(ref orders) >= 0
            ? new CommitOrder(fate, then)
            : default;
    }

    /// <summary>Changes how connections are treated.</summary>
    public void Become(ProxyWay way)
    {
        lock (_lock)
        {
            if (_disposed || _way == way)
                return;

            bool wasClosed = _way == ProxyWay.Closed;
            _way = way;
            if (way == ProxyWay.Silent)
                _flow = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            else
                _flow.TrySetResult();

            if (way == ProxyWay.Closed)
                Unlisten();
            else if (wasClosed)
                Listen();

            if (way is ProxyWay.Closed or ProxyWay.Refusing)
                CutAll();
        }
    }

    /// <summary>Leads connections that are made from now on to another server. Those that exist stay where they are.</summary>
    public void LeadTo(string connectionString) => _server = new NpgsqlConnectionStringBuilder(connectionString);

    /// <summary>Cuts every connection.</summary>
    public void CutEvery()
    {
        lock (_lock)
            CutAll();
    }

    /// <summary>Cuts one of the connections, by chance.</summary>
    public void CutOne()
    {
        lock (_lock)
        {
            if (_links.Count > 0)
                _links.ElementAt(RandomNumberGenerator.GetInt32(_links.Count)).Cut();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _flow.TrySetResult();
            _listener.Dispose();
            CutAll();
        }
    }

    /// <summary>Ends when something may pass.</summary>
    internal Task FlowAsync()
    {
        lock (_lock)
            return _flow.Task;
    }

    /// <summary>Whether this message of the server is a row that breaks off. No small one does: no repository asked for it.</summary>
    internal bool Breaks(ReadOnlyMemory<byte> message) =>
        message.Span[0] == 'D' && message.Length > SmallRow && RowsToBreak > 0 && Interlocked.Decrement(ref _rowsToBreak) >= 0;

    internal void Remove(ProxyLink link)
    {
        lock (_lock)
            _links.Remove(link);
    }

    private static Socket Bind(IPEndPoint address)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(address);
        return socket;
    }

    private void Listen()
    {
        _listener.Listen();
        _ = AcceptAsync(_listener);
    }

    // A socket that is bound and does not listen keeps the port, and the system refuses connections to it.
    private void Unlisten()
    {
        _listener.Dispose();
        _listener = Bind(Address);
    }

    private void CutAll()
    {
        foreach (ProxyLink link in _links)
            link.Cut();

        _links.Clear();
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
                Take(await listener.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It listens no more.
        }
    }

    private void Take(Socket client)
    {
        Interlocked.Increment(ref _attempts);
        lock (_lock)
        {
            if (_disposed || _way is ProxyWay.Refusing or ProxyWay.Closed)
            {
                client.Dispose();
                return;
            }

            ProxyLink link = new(this, client);
            _links.Add(link);
            _ = link.RunAsync(_server.Host!, _server.Port);
        }
    }
}
