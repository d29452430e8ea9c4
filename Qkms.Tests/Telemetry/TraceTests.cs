using System.Diagnostics;
using Qkms.Core.Telemetry;

namespace Qkms.Tests.Telemetry;

/// <summary>A request is a trace with its parts, and goes on a caller's trace.</summary>
[Collection(TelemetryCollection.Name)]
public sealed class TraceTests
{
    private const string Encrypt = "/crypto/encrypt";

    [Fact]
    public async Task An_encryption_is_a_trace_of_its_parts()
    {
        TelemetryRecorder recorder = new();

        // A body that takes its time has the caller be proved again, which is one more part.
        await using QkmsApplication app = recorder.Start(time: ManualTime.Standing());
        using HttpClient client = app.KestrelClient();
        await client.GenerateAsync("AES-256");

        IReadOnlyList<Activity> first = await recorder.TraceAsync(await EncryptAsync(client));
        IReadOnlyList<Activity> second = await recorder.TraceAsync(await EncryptAsync(client));

        Activity server = first.Single(span => span.Kind == ActivityKind.Server);
        server.DisplayName.Should().Be("POST /crypto/encrypt");
        Tags(server).Should().Contain(
            "http.route", Encrypt).And.Contain("http.request.method", "POST").And.Contain("http.response.status_code", "200");
        string[] parts = [KmsActivities.Authenticate, KmsActivities.ChooseKey, KmsActivities.LoadMaterial, KmsActivities.Crypto];
        first.Where(span => span.ParentSpanId == server.SpanId).Select(span => span.OperationName).Should().Equal(parts);
        second.Select(span => span.OperationName)
            .Should().Contain(KmsActivities.Crypto).And.NotContain(KmsActivities.LoadMaterial, "the key is in memory");

        Activity crypto = first.Single(span => span.OperationName == KmsActivities.Crypto);
        Tags(crypto).Should().Equal(new Dictionary<string, string>
        {
            [KmsMeter.OperationLabel] = "encrypt",
            [KmsMeter.AlgorithmLabel] = "AES-256",
            [KmsMeter.OutcomeLabel] = "ok",
        });

        // Loading a key reads it: from SQLite in one unit of ours, from PostgreSQL in statements of its provider.
        Activity load = first.Single(span => span.OperationName == KmsActivities.LoadMaterial);
        first.Where(span => span.ParentSpanId == load.SpanId).Should().NotBeEmpty()
            .And.OnlyContain(span => TestStorage.IsPostgres ? span.Source.Name == "Npgsql" : span.OperationName == "qkms.sqlite.read");
    }

    [Fact]
    public async Task A_write_is_a_part_of_the_request_that_waits_for_it()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();

        ActivityTraceId trace = await SendAsync(client, "/kms/keys/generate", """{"algorithm":"AES-256"}""");

        IReadOnlyList<Activity> spans = await recorder.TraceAsync(trace);
        spans.Select(span => span.OperationName).Should().Contain(KmsActivities.GenerateMaterial);
        if (TestStorage.IsPostgres)
            spans.Where(span => span.Source.Name == "Npgsql").Select(span => Tags(span).GetValueOrDefault("db.query.text", ""))
                .Should().Contain(sql => sql.Contains("INSERT INTO", StringComparison.Ordinal));
        else
            spans.Select(span => span.OperationName).Should().Contain("qkms.sqlite.write");
    }

    [Fact]
    public async Task A_refusal_names_its_code_in_the_servers_span()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();

        IReadOnlyList<Activity> spans = await recorder.TraceAsync(await EncryptAsync(client));

        Tags(spans.Single(span => span.Kind == ActivityKind.Server))
            .Should().Contain(KmsMeter.ErrorCodeLabel, "ERR_KMS_003").And.Contain("http.response.status_code", "404");
    }

    [Fact]
    public async Task A_callers_trace_goes_on_and_its_free_text_is_dropped()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();
        client.DefaultRequestHeaders.Add("baggage", "user=stranger-baggage");
        client.DefaultRequestHeaders.Add("tracestate", "vendor=stranger-state");

        IReadOnlyList<Activity> spans = await recorder.TraceAsync(await EncryptAsync(client));

        Activity server = spans.Single(span => span.Kind == ActivityKind.Server);
        server.HasRemoteParent.Should().BeTrue();
        server.ParentSpanId.ToHexString().Should().Be(RemoteParent);
        recorder.SpanTexts().Should().NotContain(text => text.Contains("stranger", StringComparison.Ordinal));
    }

    // What a caller decided not to record is not recorded here either.
    [Fact]
    public async Task A_trace_that_its_caller_does_not_sample_is_not_exported()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();

        ActivityTraceId unsampled = await SendAsync(client, Encrypt, Body, flags: "00");
        await recorder.TraceAsync(await EncryptAsync(client));

        recorder.Spans.Should().NotContain(span => span.TraceId == unsampled);
    }

    [Fact]
    public async Task The_log_names_the_trace_of_a_request()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();

        ActivityTraceId trace = await EncryptAsync(client);
        await recorder.TraceAsync(trace);

        app.Log.Lines.Should().ContainSingle(line => line.Contains($"trace {trace.ToHexString()}", StringComparison.Ordinal)
            && line.Contains("TraceId=", StringComparison.Ordinal));
    }

    // For services that strangers reach: the page names this variable.
    [Fact]
    public async Task With_a_variable_of_the_library_each_request_begins_a_trace_of_its_own()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start(settings: ("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_ENABLE_NEW_ROOT_SPAN", "true"));
        using HttpClient client = app.KestrelClient();

        ActivityTraceId unsampled = await SendAsync(client, Encrypt, Body, flags: "00");

        await Eventually.HoldsAsync(() => Task.FromResult(recorder.Spans.Any(span => span.Kind == ActivityKind.Server)));
        Activity server = recorder.Spans.Single(span => span.Kind == ActivityKind.Server);
        server.TraceId.Should().NotBe(unsampled);
        server.ParentSpanId.Should().Be(default(ActivitySpanId));
        server.Links.Should().ContainSingle(link => link.Context.TraceId == unsampled);
        recorder.Spans.Where(span => span.ParentSpanId == server.SpanId).Should().NotBeEmpty();
    }

    [Fact]
    public async Task Health_is_not_traced()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();

        foreach (string path in new[] { "/health/live", "/health/ready", "/api/v1/health/ready" })
            await Eventually.HoldsAsync(async () => (await client.GetAsync(new Uri(path, UriKind.Relative))).IsSuccessStatusCode);

        await recorder.TraceAsync(await EncryptAsync(client));
        recorder.Spans.Where(span => span.Kind == ActivityKind.Server).Should().ContainSingle();
    }

    private const string RemoteParent = "00f067aa0ba902b7";
    private const string Body = """{"plaintext":"aGVsbG8="}""";

    private static Task<ActivityTraceId> EncryptAsync(HttpClient client) => SendAsync(client, Encrypt, Body);

    /// <summary>Sends a request in a trace of its own.</summary>
    private static async Task<ActivityTraceId> SendAsync(HttpClient client, string path, string body, string flags = "01")
    {
        ActivityTraceId trace = ActivityTraceId.CreateRandom();
        using HttpRequestMessage request = Support.Http.Request(HttpMethod.Post, path, body);
        request.Headers.Add("traceparent", $"00-{trace.ToHexString()}-{RemoteParent}-{flags}");
        await client.SendForAnswerAsync(request);
        return trace;
    }

    private static Dictionary<string, string> Tags(Activity span) =>
        span.TagObjects.ToDictionary(
            tag => tag.Key, tag => Convert.ToString(tag.Value, System.Globalization.CultureInfo.InvariantCulture)!);
}
