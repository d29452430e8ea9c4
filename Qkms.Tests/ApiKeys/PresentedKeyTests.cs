using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Qkms.Core.ApiKeys;

namespace Qkms.Tests.ApiKeys;

/// <summary>
/// The header as Kestrel reads it, which never makes a string of the key. <see cref="ApiKeyAuthenticationTests"/> go through TestServer.
/// </summary>
public sealed partial class PresentedKeyTests : ServiceTests
{
    private readonly string _valid;
    private readonly Uri _address;

    public PresentedKeyTests()
    {
        using HttpClient client = App.StartOnKestrel();
        _address = client.BaseAddress!;
        _valid = client.DefaultRequestHeaders.GetValues("x-api-key").Single();
    }

    // Q-02: white space around a header's value is no part of it (RFC 9110, section 5.5).
    [Theory]
    [InlineData("x-api-key: {0}")]
    [InlineData("X-API-KEY:{0}")]
    [InlineData("X-Api-Key: \t {0} \t ")]
    public async Task The_key_opens(string header) => await ShouldAnswerAsync(Format(header, _valid), 200);

    // Q-02, Q-31: one answer, ours, and never 400 or 500.
    [Theory]
    [InlineData("x-other: {0}")]
    [InlineData("x-api-key:")]
    [InlineData("x-api-key: \t ")]
    [InlineData("x-api-key: x")]
    [InlineData("x-api-key: {0}0")]
    [InlineData("x-api-key: {0},{0}")]
    [InlineData("x-api-key: \"{0}\"")]
    [InlineData("x-api-key: {0}\r\nx-api-key: {0}")]
    [InlineData("x-api-key: {0}\r\nX-API-KEY: x")]
    [InlineData("x-api-key:\r\nx-api-key: {0}")]
    public async Task Anything_else_is_401(string header) => await ShouldAnswerAsync(Format(header, _valid), 401);

    // Latin-1, so that each character is one byte: not UTF-8, control characters, and a checksum that fits bytes beyond ASCII.
    [Fact]
    public async Task Bytes_that_are_no_text_are_401()
    {
        string[] values =
        [
            "schl\u00fcssel",
            "\u00ff\u00fe",
            _valid[..30] + "\u0080" + _valid[31..],
            _valid + "\u0001",
            new string('a', 20_000),
            WithId("\u00e9")
        ];
        foreach (string value in values)
            await ShouldAnswerAsync($"x-api-key: {value}", 401);
    }

    // Threat model: somebody who has seen the memory of the process knows handles, and the hashes in the database.
    [Fact]
    public async Task A_handle_is_worth_nothing_to_a_client()
    {
        ApiKeyHandles handles = App.Services.GetRequiredService<ApiKeyHandles>();
        string handle = string.Create(handles.Length, _valid, (text, key) => handles.Write(Encoding.ASCII.GetBytes(key), text));
        ApiKeyProof? proof = handles.Read(handle);
        proof.Should().NotBeNull();
        (await App.Services.GetRequiredService<ApiKeyAuthenticator>().AuthenticateAsync(proof!, CancellationToken.None))
            .Should().NotBeNull("the handle is good");

        await ShouldAnswerAsync($"x-api-key: {handle}", 401);
        await ShouldAnswerAsync($"x-api-key: {handle.ToUpperInvariant()}", 401);
        await using QkmsApplication overTestServer = new();
        handles = overTestServer.Services.GetRequiredService<ApiKeyHandles>();
        using HttpClient client = overTestServer.ClientFor(
            string.Create(handles.Length, overTestServer.InitialApiKey, (text, key) => handles.Write(Encoding.ASCII.GetBytes(key), text)));
        (await client.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
    }

    // The server keeps header strings of a connection for its next request; not those of a key.
    [Fact]
    public async Task Each_request_of_a_connection_is_judged_by_its_own_header()
    {
        await using Connection connection = await ConnectAsync();
        string mistyped = _valid[..^1] + (_valid[^1] == 'A' ? 'B' : 'A');
        foreach ((string key, int status) in new[] { (_valid, 200), (mistyped, 401), (_valid, 200), ("", 401), (_valid, 200) })
            (await connection.SendAsync($"x-api-key: {key}")).Should().StartWith($"HTTP/1.1 {status} ");
    }

    [Fact]
    public async Task The_same_over_http_2()
    {
        await using QkmsApplication app = new() { Settings = { ["Kestrel:EndpointDefaults:Protocols"] = "Http2" } };
        using HttpClient client = app.StartOnKestrel();
        client.DefaultRequestVersion = HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        string valid = client.DefaultRequestHeaders.GetValues("x-api-key").Single();
        ApiKeyHandles handles = app.Services.GetRequiredService<ApiKeyHandles>();
        string handle = string.Create(handles.Length, valid, (text, key) => handles.Write(Encoding.ASCII.GetBytes(key), text));

        foreach ((string key, HttpStatusCode status) in new[]
        {
            (valid, HttpStatusCode.OK), (valid, HttpStatusCode.OK), (valid + "0", HttpStatusCode.Unauthorized),
            ("", HttpStatusCode.Unauthorized), (handle, HttpStatusCode.Unauthorized),
            (new string('a', 10_000), HttpStatusCode.Unauthorized), (valid, HttpStatusCode.OK),
        })
        {
            client.DefaultRequestHeaders.Remove("x-api-key");
            client.DefaultRequestHeaders.Add("x-api-key", key);
            using HttpResponseMessage response = await client.GetAsync(new Uri("/kms/keys", UriKind.Relative));
            response.Version.Should().Be(HttpVersion.Version20);
            response.StatusCode.Should().Be(status);
        }
    }

    private static string Format(string header, string key) => header.Replace("{0}", key, StringComparison.Ordinal);

    // A well-formed key whose id holds a byte beyond ASCII.
    private string WithId(string first) => ForgedKeys.WithChecksum(_valid[..5] + first + _valid[6..]);

    private async Task ShouldAnswerAsync(string header, int status)
    {
        await using Connection connection = await ConnectAsync();
        string answer = await connection.SendAsync(header);
        answer.Should().StartWith($"HTTP/1.1 {status} ", header);
        if (status == 401)
            answer.Should().Contain("ERR_AUTH_001");
    }

    private async Task<Connection> ConnectAsync()
    {
        TcpClient client = new();
        await client.ConnectAsync(_address.Host, _address.Port);
        return new Connection(client);
    }

    // Byte by byte, as a client library would not send it.
    private sealed partial class Connection(TcpClient client) : IAsyncDisposable
    {
        public async Task<string> SendAsync(string header)
        {
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes($"GET /kms/keys HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n"));
            byte[] answer = new byte[16_384];
            int length = 0;
            while (!IsWhole(Encoding.ASCII.GetString(answer, 0, length)))
            {
                int read = await stream.ReadAsync(answer.AsMemory(length));
                if (read == 0)
                    break;
                length += read;
            }

            return Encoding.ASCII.GetString(answer, 0, length);
        }

        // The head, and as much behind it as it says.
        private static bool IsWhole(string answer)
        {
            int body = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            return body > 4 && LengthHeader().Match(answer[..body]) is { Success: true } match
                && answer.Length - body == int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        }

        public ValueTask DisposeAsync()
        {
            client.Dispose();
            return ValueTask.CompletedTask;
        }

        [GeneratedRegex(@"\r\nContent-Length: (\d+)\r\n", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
        private static partial Regex LengthHeader();
    }
}
