namespace Qkms.Tests.Support;

/// <summary>Speaks to the service as a script would: JSON text in, status and JSON out.</summary>
internal static class Http
{
    public static Task<Answer> GetJsonAsync(this HttpClient client, string path) => client.SendJsonAsync(HttpMethod.Get, path, null);

    public static Task<Answer> PostJsonAsync(this HttpClient client, string path, string? json) =>
        client.SendJsonAsync(HttpMethod.Post, path, json);

    public static async Task<Answer> SendJsonAsync(this HttpClient client, HttpMethod method, string path, string? json)
    {
        using HttpRequestMessage request = Request(method, path, json);
        return await client.SendForAnswerAsync(request);
    }

    /// <summary>The same with an Idempotency-Key.</summary>
    public static async Task<Answer> SendOnceAsync(
        this HttpClient client, string idempotencyKey, HttpMethod method, string path, string? json)
    {
        using HttpRequestMessage request = Request(method, path, json);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey).Should().BeTrue();
        return await client.SendForAnswerAsync(request);
    }

    public static Task<Answer> PostOnceAsync(this HttpClient client, string idempotencyKey, string path, string? json) =>
        client.SendOnceAsync(idempotencyKey, HttpMethod.Post, path, json);

    /// <summary>A request with a body of JSON, or with none.</summary>
    public static HttpRequestMessage Request(HttpMethod method, string path, string? json) =>
        new(method, path)
        {
            Content = json is null ? null : new StringContent(
                json, Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json"),
        };

    public static async Task<Answer> SendForAnswerAsync(this HttpClient client, HttpRequestMessage request)
    {
        using HttpResponseMessage response = await client.SendAsync(request);
        string body = await response.Content.ReadAsStringAsync();
        Dictionary<string, string> headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        return new Answer(response.StatusCode, body, headers);
    }
}

/// <summary>An answer of the service.</summary>
internal sealed record Answer(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json => JsonNode.Parse(Body) ?? throw new InvalidOperationException("no body");

    public JsonNode Data => Json["data"] ?? throw new InvalidOperationException($"no data in {Body}");

    public string? ErrorCode => (string?)Json["error"]?["error_code"];

    /// <summary>The message of a refusal.</summary>
    public string? Message => (string?)Json["error"]!["message"];

    /// <summary>The details of a refusal.</summary>
    public JsonArray Details => Json["error"]!["details"]!.AsArray();

    /// <summary>The fields that the details of a refusal name.</summary>
    public IEnumerable<string?> Blamed => Details.Select(detail => (string?)detail!["field"]);

    public string Text(string member) => (string?)Data[member] ?? throw new InvalidOperationException($"no {member} in {Body}");

    public int Number(string member) => (int?)Data[member] ?? throw new InvalidOperationException($"no {member} in {Body}");

    /// <summary>Asserts status and code of a refusal in its whole envelope.</summary>
    public Answer ShouldBeRefused(HttpStatusCode status, string code)
    {
        Status.Should().Be(status, Body);
        ErrorCode.Should().Be(code, Body);
        Json.AsObject().Select(m => m.Key).Should().Equal("error", "request_id", "timestamp");
        Json["error"]!.AsObject().Select(m => m.Key).Should().Equal("error_code", "message", "details");
        Headers["Content-Type"].Should().StartWith("application/json");

        // F-87: many clients show the message alone.
        if (Details is [{ } first, ..])
            Message.Should().Contain((string?)first["message"], Body);

        return this;
    }

    /// <summary>Asserts a success.</summary>
    public Answer ShouldBe(HttpStatusCode status)
    {
        Status.Should().Be(status, Body);
        return this;
    }
}
