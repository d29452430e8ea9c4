using Microsoft.AspNetCore.Routing;

namespace Qkms.Tests.Telemetry;

/// <summary>Nothing that a caller can invent comes into spans or metrics, on any route, and no secret does.</summary>
[Collection(TelemetryCollection.Name)]
public sealed class UnboundedValueTests
{
    private const string Invented = "inv3nt3d";

    [Fact]
    public async Task No_route_lets_an_invented_value_into_spans_or_metrics()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();

        // Once for what comes late: connections, pools, the first of every kind.
        await WalkAsync(app, client, $"{Invented}-0");
        await WalkAsync(app, client, $"{Invented}-1");
        string[] before;
        string[] after = SeriesOf(recorder);
        int walk = 2;

        // On a busy machine a walk may meet what no other has met, such as a refusal for want of time. A label that takes invented values
        // makes a new series in each.
        do
        {
            before = after;
            await WalkAsync(app, client, $"{Invented}-{walk++}");
            after = SeriesOf(recorder);
        }
        while (after.Length > before.Length && walk < 10);

        after.Should().BeEquivalentTo(before, "no request with new values makes a new series");
        after.Length.Should().BeGreaterThan(40);
        recorder.Spans.Count.Should().BeGreaterThan(200);
        recorder.SpanTexts().Should().NotContain(text => text.Contains(Invented, StringComparison.OrdinalIgnoreCase));
        recorder.Collect().SelectMany(series => series.Texts)
            .Should().NotContain(text => text.Contains(Invented, StringComparison.OrdinalIgnoreCase));
    }

    // The keys of metrics are those of the table in the docs.
    [Fact]
    public async Task Own_metrics_have_the_documented_labels_and_no_others()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start(tenantLabel: true);
        using HttpClient client = app.KestrelClient();
        await WalkAsync(app, client, Invented);
        await client.GenerateAsync("AES-256");
        await client.MustUseAsync("/crypto/encrypt", new { plaintext = new byte[32] });

        ILookup<string, TelemetryRecorder.Series> byInstrument = recorder.Collect()
            .Where(series => series.Meter == "Qkms")
            .ToLookup(series => series.Instrument);

        byInstrument.Count.Should().BeGreaterThan(3);
        foreach (IGrouping<string, TelemetryRecorder.Series> series in byInstrument)
        {
            string[] documented = [.. ObservabilityPage.Instruments.Single(row => row.Name == series.Key).Labels];
            series.SelectMany(s => s.Labels.Keys).Distinct().Should().BeEquivalentTo(documented, series.Key);
        }
    }

    [Fact]
    public async Task No_secret_comes_into_spans_or_metrics()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start(tenantLabel: true);
        using HttpClient client = app.KestrelClient();
        byte[] plaintext = Encoding.ASCII.GetBytes("a plaintext that nobody else has written");
        string kid = (await client.GenerateAsync("AES-256", new { name = "the-name-of-a-key" })).Text("kid");
        Answer encrypted = await client.MustUseAsync("/crypto/encrypt", new { kid, plaintext, context = new { customer = "the-context" } });
        await client.MustUseAsync(
            "/crypto/decrypt", new { ciphertext = encrypted.Bytes("ciphertext"), context = new { customer = "the-context" } });
        await client.UseAsync(
            "/crypto/decrypt", new { ciphertext = encrypted.Bytes("ciphertext"), context = new { customer = "the-wrong-context" } });
        await client.GetJsonAsync($"/kms/keys/{kid}");
        await client.GetJsonAsync("/kms/keys?name=the-name-of-a-key");
        await client.RevokeAsync(kid, """{"reason":"the-reason-for-it"}""");
        using HttpClient wrong = app.KestrelClient("qkms_wrong-api-key-of-somebody");
        await wrong.GetJsonAsync("/kms/keys");
        await Eventually.HoldsAsync(
            () => Task.FromResult(recorder.Spans.Any(span => Equals(span.GetTagItem("http.response.status_code"), 401))));

        // Before the test itself asks the database: in this process that would be recorded, too.
        string[] texts = [.. recorder.SpanTexts().Concat(recorder.Collect().SelectMany(series => series.Texts))];
        string apiKey = await File.ReadAllTextAsync(Path.Combine(app.DataDirectory, "initial-api-key"));
        string[] secrets =
        [
            apiKey, apiKey[^20..], "wrong-api-key", "a plaintext", Convert.ToBase64String(plaintext),
            Convert.ToBase64String(plaintext)[8..32], encrypted.Text("ciphertext"), encrypted.Text("ciphertext")[..24], kid,
            "the-name-of-a-key", "the-context", "the-wrong-context", "the-reason-for-it",
            Convert.ToBase64String(await Materials.OpenAsync(app, kid)),
        ];

        texts.Length.Should().BeGreaterThan(100);
        foreach (string secret in secrets)
            texts.Should().NotContain(text => text.Contains(secret, StringComparison.OrdinalIgnoreCase));
    }

    private static string[] SeriesOf(TelemetryRecorder recorder) =>
        [
            .. recorder.Collect()
                .Where(series => series.Meter == "Qkms" || series.Meter.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal))
                .Select(series => series.Id)
                .Distinct()
        ];

    /// <summary>Every route with invented kids, names, queries and headers; and routes and verbs that do not exist.</summary>
    private static async Task WalkAsync(QkmsApplication app, HttpClient client, string invented)
    {
        foreach (RouteEndpoint route in app.RoutesOfApi())
        {
            string path = RouteRequests.PathOf(route, invented);
            HttpMethod verb = RouteRequests.VerbOf(route);
            foreach (string query in
                new[] { "", $"?{invented}={invented}", $"?name={invented}&algorithm={invented}", $"?cursor={invented}" })
                await SendAsync(client, verb, path + query, RouteRequests.BodyOf(route, $"\"kid\":\"{invented}\""), invented);

            await SendAsync(
                client, verb, path, RouteRequests.BodyOf(route, $"\"algorithm\":\"AES-256\",\"name\":\"{invented}\""), invented);
            await SendAsync(client, verb, path, RouteRequests.BodyOf(route, $"\"algorithm\":\"{invented}\""), invented);
            await SendAsync(client, new HttpMethod(invented.ToUpperInvariant()), path, null, invented);
            await SendAsync(client, verb, "/api/v1" + path, null, invented);
        }

        await SendAsync(client, HttpMethod.Get, $"/{invented}", null, invented);
        await SendAsync(client, HttpMethod.Get, $"/swagger/{invented}", null, invented);
        await SendAsync(client, HttpMethod.Get, $"/api/v1/{invented}/{invented}?{invented}", null, invented);
        using HttpClient stranger = app.KestrelClient(invented);
        await SendAsync(stranger, HttpMethod.Get, $"/kms/keys/{invented}", null, invented);
    }

    private static async Task SendAsync(HttpClient client, HttpMethod verb, string path, string? json, string invented)
    {
        using HttpRequestMessage request = Support.Http.Request(verb, path, json);
        request.Headers.Host = $"{invented}.example";
        request.Headers.TryAddWithoutValidation("User-Agent", invented).Should().BeTrue();
        request.Headers.Add("baggage", $"a={invented}");
        request.Headers.Add("tracestate", $"a={invented}");
        request.Headers.Add("traceparent", $"00-{System.Diagnostics.ActivityTraceId.CreateRandom()}-00f067aa0ba902b7-01");
        using HttpResponseMessage response = await client.SendAsync(request);
        response.StatusCode.Should().NotBe(HttpStatusCode.InternalServerError, path);
    }
}
