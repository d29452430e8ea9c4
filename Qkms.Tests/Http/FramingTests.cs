namespace Qkms.Tests.Http;

/// <summary>
/// F-27: what two servers in a row may read in different ways is refused, so that no request hides in another (RFC 9112, section 11.2).
/// </summary>
public sealed class FramingTests : ServiceTests
{
    [Fact]
    public async Task Heads_are_lines_that_end_with_cr_lf_and_have_one_host()
    {
        using HttpClient client = App.StartOnKestrel();
        foreach (string head in (string[])
        [
            "GET /health/live HTTP/1.1\nHost: x\n\n",
            "GET /health/live HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n",
            "GET /health/live HTTP/1.1\nHost: x\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: b\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: b\rX-B: c\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
            "GET /health/live HTTP/1.1\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n",
        ])
        {
            Answer answer = await RawConnection.ExchangeAsync(client.BaseAddress!, head);

            answer.Status.Should().Be(HttpStatusCode.BadRequest, head);
            answer.Headers["Connection"].Should().Be("close");
        }
    }

    [Fact]
    public async Task A_length_is_digits()
    {
        using HttpClient client = App.StartOnKestrel();
        await client.GenerateAsync("AES-256");
        foreach ((string length, bool isOne) in ((string, bool)[])
        [
            ("2", true),
            ("002", true),
            (" 2 ", true),
            ("+2", false),
            ("-2", false),
            ("0x2", false),
            ("2,2", false),
            ("2, 2", false),
            ("2 2", false),
            ("2.0", false),
            ("", false),
            ("two", false),
            ("9999999999999999999999999999", false),
            ("2\r\nContent-Length: 2", false),
            ("2\r\nContent-Length: 3", false),
        ])
        {
            Answer answer = await RawConnection.ExchangeAsync(client.BaseAddress!, $"{Head()}Content-Length: {length}\r\n\r\n{{}}");

            answer.Status.Should().Be(isOne ? HttpStatusCode.OK : HttpStatusCode.BadRequest, length);
        }
    }

    [Fact]
    public async Task The_only_transfer_coding_is_chunked()
    {
        using HttpClient client = App.StartOnKestrel();
        await client.GenerateAsync("AES-256");
        foreach ((string coding, bool isOne) in ((string, bool)[])
        [
            ("chunked", true),
            ("Chunked", true),
            ("gzip, chunked", false),
            ("chunked, chunked", false),
            ("chunked\r\nTransfer-Encoding: chunked", false),
            ("identity", false),
            ("xchunked", false),
            ("chunked, gzip", false),
        ])
        {
            Answer answer = await RawConnection.ExchangeAsync(
                client.BaseAddress!, $"{Head()}Transfer-Encoding: {coding}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n");

            answer.Status.Should().Be(isOne ? HttpStatusCode.OK : HttpStatusCode.BadRequest, coding);
        }
    }

    [Fact]
    public async Task Malformed_chunks_are_refused()
    {
        using HttpClient client = App.StartOnKestrel();
        await client.GenerateAsync("AES-256");
        foreach (string chunks in (string[])
        [
            "2\n{}\r\n0\r\n\r\n",
            "2;a\n{}\r\n0\r\n\r\n",
            "+2\r\n{}\r\n0\r\n\r\n",
            "0x2\r\n{}\r\n0\r\n\r\n",
            "2\r\n{}0\r\n\r\n",
            "2\r\n{}\r\n0\r\nX-A: b\n\r\n\r\n",
        ])
        {
            (await RawConnection.ExchangeAsync(client.BaseAddress!, $"{Head()}Transfer-Encoding: chunked\r\n\r\n{chunks}"))
                .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001");
        }
    }

    // RFC 9112, section 6.3: the chunks count, and nothing more is read from this connection.
    [Fact]
    public async Task A_length_beside_chunks_ends_the_connection()
    {
        using HttpClient client = App.StartOnKestrel();
        await client.GenerateAsync("AES-256");
        using RawConnection connection = await RawConnection.OpenAsync(client.BaseAddress!);

        await connection.SendAsync(
            $"{Head()}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
            + "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");

        (await connection.ReadAsync()).Headers["Connection"].Should().Be("close");
        (await connection.ReadToEndAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_compressed_body_is_415()
    {
        await Client.GenerateAsync("AES-256");
        foreach ((string coding, bool isTaken) in ((string, bool)[])
        [
            ("gzip", false),
            ("br", false),
            ("zstd", false),
            ("x-unknown", false),
            ("identity, gzip", false),
            ("identity", true),
            ("Identity", true),
        ])
        {
            using HttpRequestMessage request = Support.Http.Request(HttpMethod.Post, "/data-keys/generate", "{}");
            request.Content!.Headers.TryAddWithoutValidation("Content-Encoding", coding).Should().BeTrue();

            Answer answer = await Client.SendForAnswerAsync(request);

            if (isTaken)
            {
                answer.ShouldBe(HttpStatusCode.OK);
            }
            else
            {
                answer.ShouldBeRefused(HttpStatusCode.UnsupportedMediaType, "ERR_INVALID_003");
                answer.Blamed.Should().Equal("Content-Encoding");
            }
        }
    }

    private string Head() =>
        $"POST /data-keys/generate HTTP/1.1\r\nHost: x\r\nx-api-key: {App.InitialApiKey}\r\nContent-Type: application/json\r\n";
}
