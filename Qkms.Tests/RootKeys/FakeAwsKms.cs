using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Qkms.Tests.RootKeys;

/// <summary>A server on this host that answers what a test says, one request on each connection.</summary>
internal sealed partial class FakeAwsKms : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<string, byte[]?> _answer;
    private readonly X509Certificate2? _certificate;
    private readonly List<string> _requests = [];

    /// <param name="answer">The bytes that answer a request; null where the connection is kept open without an answer.</param>
    /// <param name="certificate">Where it speaks TLS, what it shows.</param>
    public FakeAwsKms(Func<string, byte[]?> answer, X509Certificate2? certificate = null)
    {
        (_answer, _certificate) = (answer, certificate);
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Url => $"{(_certificate is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>The requests, head and body.</summary>
    public string[] Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    /// <summary>An answer of HTTP/1.1 with a body.</summary>
    public static byte[] Http(int status, string body, string? headers = null) => Encoding.UTF8.GetBytes(
        $"HTTP/1.1 {status} Any\r\n{headers ?? $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n"}\r\n{body}");

    /// <summary>An exception, as AWS answers with it.</summary>
    public static byte[] Exception(string type, int status = 400) =>
        Http(status, $$"""{"__type":"{{type}}","message":"a text of the other side"}""");

    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using Stream stream = await SecureAsync(client.GetStream());
                byte[] buffer = new byte[64 * 1024];
                int length = 0;
                int read;
                while (!IsWhole(Encoding.UTF8.GetString(buffer, 0, length))
                    && (read = await stream.ReadAsync(buffer.AsMemory(length), _end.Token)) > 0)
                    length += read;

                // Who does not trust the certificate goes away without a word.
                if (length == 0)
                    return;

                string request = Encoding.UTF8.GetString(buffer, 0, length);
                lock (_requests)
                    _requests.Add(request);

                if (_answer(request) is { } answer)
                    await stream.WriteAsync(answer, _end.Token);
                else
                    await Task.Delay(Timeout.InfiniteTimeSpan, _end.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or AuthenticationException)
            {
                // The client has gone, or the test has ended.
            }
        }
    }

    private async Task<Stream> SecureAsync(NetworkStream plain)
    {
        if (_certificate is null)
            return plain;

        SslStream secure = new(plain);
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _end.Token);
        return secure;
    }

    private static bool IsWhole(string request)
    {
        int end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end >= 0
            && ContentLength().Match(request) is { Success: true } match
            && request.Length - end - 4 >= int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"\r\nContent-Length: (\d+)\r\n")]
    private static partial Regex ContentLength();
}
