using System.Net;
using System.Net.Sockets;

namespace Qkms.Tests.Support;

/// <summary>What happens to the next message that a client sends through a <see cref="FaultyProxy"/>.</summary>
internal enum ProxyFault
{
    None,

    /// <summary>It does not arrive, and the connection breaks.</summary>
    CutBefore,

    /// <summary>It arrives and is answered; then the connection breaks, and the answer is lost.</summary>
    CutAfter,

    /// <summary>It does not arrive, and nobody notices: both ends keep their connection.</summary>
    LoseMessage,

    /// <summary>It arrives, and the answer does not; both ends keep their connection.</summary>
    LoseAnswer,
}

/// <summary>How a <see cref="FaultyProxy"/> treats its clients.</summary>
internal enum ProxyState
{
    /// <summary>Everything passes.</summary>
    Open,

    /// <summary>As when the server is not there: connections are cut as soon as they are made.</summary>
    Refusing,

    /// <summary>As when the network is gone: connections are taken, and nothing passes.</summary>
    Silent,
}

/// <summary>Stands between a service and its database, and breaks what passes at the moment that a test names.</summary>
internal sealed class FaultyProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _serverPort;
    private readonly List<Link> _links = [];
    private volatile ProxyState _state;
    private int _next;
    private ProxyState _afterwards;

    /// <summary>Listens on a port of its own.</summary>
    public FaultyProxy(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many connections were made through it.</summary>
    public int Connections { get; private set; }

    /// <summary>Breaks the next message that a client sends; from then on new connections find <paramref name="afterwards"/>.</summary>
    public void BreakNext(ProxyFault fault, ProxyState afterwards = ProxyState.Open)
    {
        _afterwards = afterwards;
        Interlocked.Exchange(ref _next, (int)fault);
    }

    /// <summary>Changes how clients are treated; connections that exist are cut, or fall silent.</summary>
    public void Become(ProxyState state)
    {
        _state = state;
        if (state == ProxyState.Refusing)
            CutAll();
    }

    public void Dispose()
    {
        _listener.Dispose();
        CutAll();
    }

    private void CutAll()
    {
        lock (_links)
        {
            _links.ForEach(link => link.Cut());
            _links.Clear();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                Connections++;
                if (_state == ProxyState.Refusing)
                {
                    client.Dispose();
                    continue;
                }

                Link link = new(client, new TcpClient("127.0.0.1", _serverPort));
                lock (_links)
                    _links.Add(link);

                _ = RequestsAsync(link);
                _ = AnswersAsync(link);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private Task RequestsAsync(Link link) => PumpAsync(link, link.Client, async bytes =>
    {
        ProxyFault fault = (ProxyFault)Interlocked.Exchange(ref _next, (int)ProxyFault.None);
        if (fault != ProxyFault.None)
            _state = _afterwards;

        link.LosesAnswers |= fault is ProxyFault.CutAfter or ProxyFault.LoseAnswer;
        link.EndsAfterAnswer |= fault == ProxyFault.CutAfter;
        link.IsSilent |= fault == ProxyFault.LoseMessage;
        if (fault == ProxyFault.CutBefore)
            link.Cut();
        else if (!link.IsSilent && (_state != ProxyState.Silent || fault != ProxyFault.None))
            await link.Server.GetStream().WriteAsync(bytes);
    });

    private Task AnswersAsync(Link link) => PumpAsync(link, link.Server, async bytes =>
    {
        if (link.EndsAfterAnswer)
            link.Cut();
        else if (!link.LosesAnswers && _state != ProxyState.Silent)
            await link.Client.GetStream().WriteAsync(bytes);
    });

    private static async Task PumpAsync(Link link, TcpClient from, Func<ReadOnlyMemory<byte>, Task> pass)
    {
        byte[] buffer = new byte[1 << 16];
        try
        {
            int read;
            while ((read = await from.GetStream().ReadAsync(buffer)) > 0)
                await pass(buffer.AsMemory(0, read));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // One end is gone.
        }

        link.Cut();
    }

    private sealed record Link(TcpClient Client, TcpClient Server)
    {
        public volatile bool LosesAnswers;
        public volatile bool EndsAfterAnswer;
        public volatile bool IsSilent;

        public void Cut()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }
}
