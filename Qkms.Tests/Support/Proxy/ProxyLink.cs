using System.Net.Sockets;

namespace Qkms.Tests.Support.Proxy;

/// <summary>One connection through a <see cref="PostgresProxy"/>.</summary>
internal sealed class ProxyLink(PostgresProxy proxy, Socket client) : IDisposable
{
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CommitWatch _watch = new();
    private readonly int _lifetime = proxy.Lifetime;
    private volatile int _answers;
    private volatile bool _isCut;

    // The commit that is on its way on this connection.
    private CommitOrder _order;
    private volatile bool _losesAnswers;

    /// <summary>Passes on what comes until one end is gone.</summary>
    public async Task RunAsync(string host, int port)
    {
        try
        {
            client.NoDelay = true;
            await proxy.FlowAsync();
            await _server.ConnectAsync(host, port);
            await Task.WhenAll(PassRequestsAsync(), PassAnswersAsync());
        }
        catch (Exception e) when (IsEnd(e))
        {
            // One end is gone.
        }

        Cut();
        proxy.Remove(this);
    }

    /// <summary>Breaks the connection at both ends, with what is on its way lost.</summary>
    public void Cut()
    {
        _isCut = true;
        Reset(client);
        Reset(_server);
    }

    void IDisposable.Dispose() => Cut();

    private async Task PassRequestsAsync()
    {
        try
        {
            MessageReader requests = new(client, startsUntyped: true);
            while (await requests.ReadAsync() is { } message)
            {
                await proxy.FlowAsync();
                if (_answers >= _lifetime)
                    return;

                if (_watch.IsCommit(message) && !await MayPassAsync(requests, message))
                    return;

                await _server.SendAsync(message);
            }
        }
        finally
        {
            // What arrives late is still to be executed.
            if (_order.Fate != CommitFate.ArriveLate)
                Cut();
        }
    }

    /// <summary>Whether the commit goes its way. If not, the connection is at its end.</summary>
    private async Task<bool> MayPassAsync(MessageReader requests, ReadOnlyMemory<byte> commit)
    {
        _order = proxy.OnCommit(_watch.Transaction.ToString());
        switch (_order.Fate)
        {
            case CommitFate.CutBefore:
                Break();
                return false;

            case CommitFate.ArriveLate:
                byte[] late = commit.ToArray();
                byte[] rest = await requests.ReadRestAsync();
                _losesAnswers = true;
                proxy.Become(_order.Then);
                await _server.SendAsync((byte[])[.. late, .. rest]);
                return false;

            case CommitFate.GetLost:
                proxy.Become(_order.Then);
                await requests.ReadRestAsync();
                return false;

            default:
                return true;
        }
    }

    private async Task PassAnswersAsync()
    {
        try
        {
            MessageReader answers = new(_server, startsUntyped: false);
            while (await answers.ReadAsync() is { } message)
            {
                await proxy.FlowAsync();
                if (CommitWatch.SaysCommitted(message))
                    LoseIfOrdered();

                bool ends = CommitWatch.EndsAnswer(message);
                if (ends)
                    _answers++;

                if (proxy.Breaks(message))
                {
                    await client.SendAsync(message[..(message.Length / 2)]);
                    client.Shutdown(SocketShutdown.Send);
                    return;
                }

                if (!_losesAnswers)
                    await client.SendAsync(message);
                else if (_order.Fate == CommitFate.ArriveLate && ends)
                    return;
            }
        }
        finally
        {
            Cut();
        }
    }

    private void LoseIfOrdered()
    {
        if (_order.Fate == CommitFate.CutAfter)
        {
            Break();
        }
        else if (_order.Fate == CommitFate.LoseAnswer)
        {
            _losesAnswers = true;
            proxy.Become(_order.Then);
        }
    }

    private void Break()
    {
        Cut();
        proxy.Become(_order.Then);
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }

        socket.Dispose();
    }

    private bool IsEnd(Exception exception) => exception is SocketException or ObjectDisposedException or IOException || _isCut;
}
