using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Qkms.Core.Telemetry;
using Qkms.Core.Uses;

namespace Qkms.Tests.Telemetry;

/// <summary>Without an endpoint nobody listens, and it costs nothing.</summary>
[Collection(TelemetryCollection.Name)]
public sealed class OffTests
{
    [Fact]
    public async Task Without_an_endpoint_no_request_starts_an_activity_and_nobody_listens()
    {
        ActivityWatch watch = new();
        await using QkmsApplication app = new() { FurtherServices = services => services.AddSingleton<IStartupFilter>(watch) };
        await WatchAsync(app);

        watch.Requests.Should().Be(2);
        watch.Activities.Should().Be(0);
        KmsActivities.Source.HasListeners().Should().BeFalse();
        KmsMeter.Operations.Enabled.Should().BeFalse();
        KmsMeter.OperationDuration.Enabled.Should().BeFalse();
        app.Services.GetService<TracerProvider>().Should().BeNull();
        app.Services.GetService<MeterProvider>().Should().BeNull();
    }

    // The watch sees what it looks for.
    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", 2, true)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", 2, false)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", 0, true)]
    public async Task An_endpoint_starts_what_it_is_for(string variable, int activities, bool counts)
    {
        ActivityWatch watch = new();
        await using QkmsApplication app = new()
        {
            EndsBeforeDisposal = true,
            Settings = { [variable] = "http://127.0.0.1:9" },
            FurtherServices = services => services.AddSingleton<IStartupFilter>(watch),
        };
        await WatchAsync(app);

        watch.Activities.Should().Be(activities);
        KmsActivities.Source.HasListeners().Should().Be(activities > 0);
        KmsMeter.Operations.Enabled.Should().Be(counts);
    }

    [Fact]
    public async Task The_sdk_can_be_disabled_although_an_endpoint_is_named()
    {
        await using QkmsApplication app =
            new() { Settings = { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9", ["OTEL_SDK_DISABLED"] = "true" } };
        _ = app.Server;

        app.Services.GetService<TracerProvider>().Should().BeNull();
    }

    [Fact]
    public void Nothing_is_allocated_while_nobody_listens()
    {
        OperationMetrics metrics = new();
        Use(metrics);
        long before = GC.GetAllocatedBytesForCurrentThread();

        for (int i = 0; i < 1000; i++)
            Use(metrics);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    private static void Use(OperationMetrics metrics)
    {
        using Activity? span = KmsActivities.Start(KmsActivities.Crypto);
        metrics.Record(OperationMetrics.Begin(), "encrypt", KeyAlgorithm.Aes256, default, Outcomes.Ok);
        KmsMeter.MaterialRequests.Add(1, KeyValuePair.Create<string, object?>(KmsMeter.CacheResultLabel, "hit"));
    }

    private static async Task WatchAsync(QkmsApplication app)
    {
        using HttpClient client = app.StartOnKestrel();
        await client.GetJsonAsync("/kms/keys");
        await client.GetJsonAsync("/health/live");
    }

    /// <summary>Looks, before anything of the service, whether the host has started an activity for the request.</summary>
    private sealed class ActivityWatch : IStartupFilter
    {
        private int _requests;
        private int _activities;

        public int Requests => _requests;

        public int Activities => _activities;

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((_, request) =>
            {
                Interlocked.Increment(ref _requests);
                if (Activity.Current is not null)
                    Interlocked.Increment(ref _activities);

                return request();
            });
            next(app);
        };
    }
}
