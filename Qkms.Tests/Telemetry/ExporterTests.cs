using System.Net.Sockets;

namespace Qkms.Tests.Telemetry;

/// <summary>The real exporter, from a process of its own: what it sends, and what becomes of the service when nobody answers it.</summary>
[Collection(TelemetryCollection.Name)]
public sealed class ExporterTests
{
    [Fact]
    public async Task A_stop_exports_what_is_left_and_no_secret_is_in_it()
    {
        const string Plaintext = "the plaintext of it";
        string[] inTraces = ["qkms.crypto", "POST /crypto/encrypt", "GET /kms/keys/{key}", "qkms"];
        string[] inMetrics = ["qkms.operations", "http.server.request.duration", "dotnet.gc"];
        await using Collector collector = new();
        List<string> secrets = ["the-kid-of-it", Plaintext, Convert.ToBase64String(Encoding.ASCII.GetBytes(Plaintext))[..20]];

        // A service that stops waits for two seconds, in which a busy machine may not let the collector take anything: then once more.
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(1));
        string traces, metrics;
        do
        {
            secrets.AddRange(await UseAndStopAsync());
            (traces, metrics) = (collector.Received("/v1/traces"), collector.Received("/v1/metrics"));
        }
        while (!(HasAll(traces, inTraces) && HasAll(metrics, inMetrics)) && !limit.IsCancellationRequested);

        traces.Should().ContainAll(inTraces);
        metrics.Should().ContainAll(inMetrics);
        foreach (string secret in secrets)
            (traces + metrics).Should().NotContain(secret);

        async Task<string[]> UseAndStopAsync()
        {
            using TemporaryDirectory directory = new();
            using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path, Exporting(collector.Address));
            using HttpClient client = service.Client();
            string apiKey = await File.ReadAllTextAsync(directory.File("initial-api-key"));
            await client.GenerateAsync("AES-256", new { kid = "the-kid-of-it" });
            await client.MustUseAsync(
                "/crypto/encrypt", new { kid = "the-kid-of-it", plaintext = Encoding.ASCII.GetBytes(Plaintext) });
            await client.GetJsonAsync("/kms/keys/the-kid-of-it");
            (await service.TerminateAsync()).Should().Be(0, service.Output);
            service.Output.TrimEnd().Split('\n')[^1].Should().Contain("Qkms has stopped");
            return [apiKey, apiKey[^20..]];
        }
    }

    // It takes the connection and never answers.
    [Fact]
    public async Task A_collector_that_does_not_answer_holds_up_neither_requests_nor_the_stop()
    {
        using TemporaryDirectory directory = new();
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        Dictionary<string, string?> environment = Exporting(new Uri($"http://{silent.LocalEndpoint}"));

        // The exporter itself would wait for ten minutes, and a stop that waits with it would not come to its end in this test.
        environment["OTEL_EXPORTER_OTLP_TIMEOUT"] = "600000";
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path, environment);
        using HttpClient client = service.Client();
        await client.GenerateAsync("AES-256");

        // More spans than the exporter's queue holds.
        for (int i = 0; i < 1000; i++)
            await client.MustUseAsync("/crypto/encrypt", new { plaintext = new byte[32] });

        // Within a minute: the rest is given up after two seconds, at most four.
        (await service.TerminateAsync()).Should().Be(0, service.Output);

        service.Output.TrimEnd().Split('\n')[^1].Should().Contain("every request was answered");
    }

    [Fact]
    public async Task Without_a_collector_the_service_works_and_stops()
    {
        using TemporaryDirectory directory = new();
        using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path, Exporting(new Uri("http://127.0.0.1:9")));
        using HttpClient client = service.Client();
        await client.GenerateAsync("AES-256");

        (await service.TerminateAsync()).Should().Be(0, service.Output);
    }

    private static bool HasAll(string text, string[] parts) =>
        Array.TrueForAll(parts, part => text.Contains(part, StringComparison.Ordinal));

    private static Dictionary<string, string?> Exporting(Uri address) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address.ToString(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    /// <summary>Takes what is exported, and keeps it by path.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Dictionary<string, StringBuilder> _bodies = [];
        private readonly Task _serving;

        public Collector()
        {
            using (TcpListener free = new(IPAddress.Loopback, 0))
            {
                free.Start();
                Address = new Uri($"http://{free.LocalEndpoint}/");
            }

            _listener.Prefixes.Add(Address.ToString());
            _listener.Start();
            _serving = ServeAsync();
        }

        public Uri Address { get; }

        /// <summary>Strings in protobuf are UTF-8, so they can be searched for.</summary>
        public string Received(string path)
        {
            lock (_bodies)
                return _bodies.TryGetValue(path, out StringBuilder? body) ? body.ToString() : "";
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Close();
            await _serving;
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                    await KeepAsync(await _listener.GetContextAsync());
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // Closed.
            }
        }

        private async Task KeepAsync(HttpListenerContext context)
        {
            using MemoryStream body = new();
            await context.Request.InputStream.CopyToAsync(body);
            lock (_bodies)
            {
                string path = context.Request.Url!.AbsolutePath;
                if (!_bodies.TryGetValue(path, out StringBuilder? kept))
                    _bodies[path] = kept = new StringBuilder();

                kept.Append(Encoding.Latin1.GetString(body.ToArray()));
            }

            context.Response.StatusCode = 200;
            context.Response.Close();
        }
    }
}
