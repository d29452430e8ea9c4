using System.Diagnostics;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Qkms.Core.Telemetry;

namespace Qkms.Api.Telemetry;

/// <summary>
/// Exports traces and metrics over OTLP if the environment names an endpoint. Without one, nothing of OpenTelemetry is registered, so
/// nobody listens, no span is started and nothing is counted. The SDK reads its other variables (OTEL_…) by itself.
/// </summary>
internal static class TelemetrySetup
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    private const string MetricsEndpoint = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
    private const string Disabled = "OTEL_SDK_DISABLED";

    // The SDK passes over what it cannot read in these, and sends to localhost by gRPC.
    private static readonly string[] _endpoints = [Endpoint, TracesEndpoint, MetricsEndpoint];
    private static readonly string[] _protocols =
        ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"];

    // Asked every few seconds by whatever supervises the service: their traces would bury all others.
    private static readonly HashSet<string> _health = new(StringComparer.OrdinalIgnoreCase)
    {
        "/health/live", "/health/ready", "/api/v1/health/live", "/api/v1/health/ready",
    };

    /// <exception cref="SettingsException">An endpoint is no address, or a protocol is unknown; the message names the variable.</exception>
    public static WebApplicationBuilder AddQkmsTelemetry(this WebApplicationBuilder builder, TelemetryOptions options)
    {
        builder.Services.AddSingleton(options);
        bool isOff = string.Equals(builder.Configuration[Disabled], "true", StringComparison.OrdinalIgnoreCase);
        bool exportsTraces = !isOff && IsNamed(builder.Configuration, TracesEndpoint);
        bool exportsMetrics = !isOff && IsNamed(builder.Configuration, MetricsEndpoint);
        if (!exportsTraces && !exportsMetrics)
            return builder;

        Check(builder.Configuration);
        IOpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(Describe);
        if (exportsTraces)
        {
            // Both, because the host and the SDK each read headers.
            Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());
            builder.Services.AddSingleton<DistributedContextPropagator, TraceParentPropagator>();
            telemetry.WithTracing(Trace);
        }

        if (exportsMetrics)
            telemetry.WithMetrics(Measure);

        return builder;
    }

    private static bool IsNamed(ConfigurationManager configuration, string variable) =>
        !string.IsNullOrWhiteSpace(configuration[Endpoint]) || !string.IsNullOrWhiteSpace(configuration[variable]);

    // A value may hold an access token, so it is not repeated.
    private static void Check(ConfigurationManager configuration)
    {
        foreach (string name in _endpoints)
        {
            if (configuration[name] is { } value && !string.IsNullOrWhiteSpace(value) && !IsAddress(value))
                throw new SettingsException($"{name} must be an http or https address, such as http://127.0.0.1:4317.");
        }

        foreach (string name in _protocols)
        {
            if (configuration[name] is { } value && !string.IsNullOrWhiteSpace(value) && value is not ("grpc" or "http/protobuf"))
                throw new SettingsException($"{name} must be grpc or http/protobuf.");
        }
    }

    private static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address is { Scheme: "http" or "https", Host.Length: > 0 };

    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last, so that they prevail.
    private static void Describe(ResourceBuilder resource) => resource
        .AddService("qkms", serviceVersion: typeof(TelemetrySetup).Assembly.GetName().Version?.ToString(fieldCount: 3))
        .AddEnvironmentVariableDetector();

    private static void Trace(TracerProviderBuilder traces) => traces
        .AddSource(KmsMeter.Name)
        .AddAspNetCoreInstrumentation(options => options.Filter = context => !_health.Contains(context.Request.Path.Value ?? ""))
        .AddNpgsql()
        .AddProcessor(new SpanAttributes())
        .AddOtlpExporter();

    private static void Measure(MeterProviderBuilder metrics) => metrics
        .AddMeter(KmsMeter.Name)
        .AddAspNetCoreInstrumentation()
        .AddRuntimeInstrumentation()
        .AddNpgsqlInstrumentation()
        .AddOtlpExporter();
}
