namespace Qkms.Tests.Http;

/// <summary>F-45: who writes all of a body before reading an answer gets the answer, even when nobody wanted the body.</summary>
public sealed class UnreadBodyTests : ServiceTests
{
    // Longer than any route takes, and no more than a busy machine carries in the time that the server has for it.
    private const int Long = 2_500_000;

    [Theory]
    [InlineData("/crypto/encrypt", "admin", HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("/kms/keys/generate", "admin", HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("/kms/keys/generate", "none", HttpStatusCode.Unauthorized)]
    [InlineData("/kms/keys/generate", "narrow", HttpStatusCode.Forbidden)]
    [InlineData("/kms/nowhere", "admin", HttpStatusCode.NotFound)]
    [InlineData("/kms/nowhere", "none", HttpStatusCode.Unauthorized)]
    [InlineData("/health/live", "none", HttpStatusCode.RequestEntityTooLarge)]
    public async Task An_early_refusal_reaches_who_writes_first(string path, string caller, HttpStatusCode status)
    {
        using HttpClient client = App.StartOnKestrel();
        string key = caller switch
        {
            "admin" => $"x-api-key: {App.InitialApiKey}\r\n",
            "narrow" => $"x-api-key: {await App.CreateApiKeyAsync(App.InitialApiKey, Roles.None)}\r\n",
            _ => "",
        };
        string verb = path.StartsWith("/health", StringComparison.Ordinal) ? "GET" : "POST";
        string head = $"{verb} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{key}";
        string body = new(' ', Long);

        for (int i = 0; i < 5; i++)
        {
            (await WriteFirstAsync($"{head}Content-Length: {Long}\r\n\r\n{body}")).Status.Should().Be(status);

            // Without a length it is not known to be too long where nobody reads it.
            HttpStatusCode inChunks = path == "/health/live" ? HttpStatusCode.OK : status;
            (await WriteFirstAsync($"{head}Transfer-Encoding: chunked\r\n\r\n{Long:x}\r\n{body}\r\n0\r\n\r\n"))
                .Status.Should().Be(inChunks);
        }

        Task<Answer> WriteFirstAsync(string text) => LongBodies.AgainAsync(async () =>
        {
            using RawConnection connection = await RawConnection.OpenAsync(client.BaseAddress!);
            await connection.SendAsync(text);
            Answer answer = await connection.ReadAsync();

            // It has been read to its end, so the connection goes on.
            await connection.SendAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
            (await connection.ReadAsync()).Text("status").Should().Be("live");
            return answer;
        });
    }

    [FactIf(Requirement.NodePrograms)]
    public async Task Node_reads_every_413()
    {
        using HttpClient client = App.StartOnKestrel();

        Uri url = new(client.BaseAddress!, "/crypto/encrypt");
        string statuses = await NodeProgram.RunAsync(
            "long-bodies.mjs", JsonSerializer.Serialize(new { url, apiKey = App.InitialApiKey, length = Long }));

        JsonSerializer.Deserialize<string[]>(statuses).Should().HaveCount(20).And.OnlyContain(status => status == "413");
    }

    // What is announced is no reason to wait for it, nor to read all of it.
    [Theory]
    [InlineData(Long, 0)]
    [InlineData(100_000_000, 0)]
    [InlineData(100_000_000, 40_000_000)]
    public async Task Throwing_away_ends(long announced, int sent)
    {
        using HttpClient client = App.StartOnKestrel();
        using RawConnection connection = await RawConnection.OpenAsync(client.BaseAddress!);
        await connection.SendAsync($"POST /kms/keys/generate HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n");
        (await connection.ReadAsync()).Status.Should().Be(HttpStatusCode.Unauthorized);

        try
        {
            await connection.SendAsync(new byte[sent]);
        }
        catch (IOException)
        {
            // It was closed while this was on its way.
        }

        await connection.ReadToEndAsync();
    }
}
