using System.Net.Sockets;

namespace Qkms.Tests.Support;

/// <summary>One connection, byte by byte: for what no HTTP client would send.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _tcp = new();
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(1));
    private NetworkStream _stream = null!;

    private RawConnection()
    {
    }

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        RawConnection connection = new();
        await connection._tcp.ConnectAsync(address.Host, address.Port);
        connection._stream = connection._tcp.GetStream();
        return connection;
    }

    /// <summary>Sends a text and gives the answer.</summary>
    public static async Task<Answer> ExchangeAsync(Uri address, string text)
    {
        using RawConnection connection = await OpenAsync(address);
        await connection.SendAsync(text);
        return await connection.ReadAsync();
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await _stream.WriteAsync(bytes, _limit.Token);

    /// <summary>The next answer; the body as long as its header says.</summary>
    /// <param name="toHead">Whether it answers HEAD, and so has none.</param>
    public async Task<Answer> ReadAsync(bool toHead = false)
    {
        StringBuilder head = new();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            head.Append((char)(await ReadBytesAsync(1))[0]);

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, string> headers = lines[1..]
            .Select(line => line.Split(": ", 2))
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
        int length = headers.TryGetValue("Content-Length", out string? text) && !toHead
            ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
            : 0;
        HttpStatusCode status = (HttpStatusCode)int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        return new Answer(status, Encoding.UTF8.GetString(await ReadBytesAsync(length)), headers);
    }

    /// <summary>Waits until the server has closed the connection, in whatever way; what it sent before.</summary>
    public async Task<string> ReadToEndAsync()
    {
        StringBuilder text = new();
        byte[] some = new byte[4096];
        try
        {
            for (int read; (read = await _stream.ReadAsync(some, _limit.Token)) > 0;)
                text.Append(Encoding.Latin1.GetString(some, 0, read));
        }
        catch (IOException)
        {
            // A reset is an end too.
        }

        return text.ToString();
    }

    public void Dispose()
    {
        _tcp.Dispose();
        _limit.Dispose();
    }

    private async Task<byte[]> ReadBytesAsync(int count)
    {
        byte[] bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes, _limit.Token);
        return bytes;
    }
}
