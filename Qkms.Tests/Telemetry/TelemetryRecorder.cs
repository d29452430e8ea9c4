using System.Collections;
using System.Diagnostics;
using System.Globalization;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Qkms.Tests.Telemetry;

/// <summary>A service that exports, and what comes out of the last stage before the exporter.</summary>
internal sealed class TelemetryRecorder
{
    // Nobody listens there: the exporter fails at once, which must not matter.
    private const string NoCollector = "http://127.0.0.1:9";

    private readonly LockedList<Activity> _spans = new();
    private readonly LockedList<MetricSnapshot> _metrics = new();
    private QkmsApplication? _app;

    public IReadOnlyList<Activity> Spans => _spans.Copy();

    /// <summary>The service on a real port.</summary>
    /// <param name="tenantLabel">Whether the series of tenants are told apart.</param>
    /// <param name="keepsHouse">Whether due work runs in the background, where it writes and measures too.</param>
    /// <param name="time">The service's clocks; null for those of the system.</param>
    /// <param name="settings">Further settings.</param>
    public QkmsApplication Start(
        bool tenantLabel = false, bool keepsHouse = true, ManualTime? time = null, params (string Name, string Value)[] settings)
    {
        QkmsApplication app = new()
        {
            EndsBeforeDisposal = true,
            KeepsHouse = keepsHouse,
            Time = time ?? ManualTime.Running(),
            Settings = { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = NoCollector, ["Qkms:Telemetry:TenantLabel"] = tenantLabel ? "true" : "false" },
            FurtherServices = services =>
            {
                services.ConfigureOpenTelemetryTracerProvider(traces => traces.AddInMemoryExporter(_spans));
                services.ConfigureOpenTelemetryMeterProvider(metrics => metrics.AddInMemoryExporter(_metrics));
            },
        };
        foreach ((string name, string value) in settings)
            app.Settings[name] = value;

        app.UseKestrel(0);
        app.StartServer();
        _app = app;
        return app;
    }

    /// <summary>The spans of a trace, once the server's span is among them: it ends after the answer was sent.</summary>
    public async Task<IReadOnlyList<Activity>> TraceAsync(ActivityTraceId id)
    {
        await Eventually.HoldsAsync(() => Task.FromResult(Spans.Any(span => span.TraceId == id && span.Kind == ActivityKind.Server)));
        return [.. Spans.Where(span => span.TraceId == id)];
    }

    /// <summary>Every series as of now: meter, instrument and labels.</summary>
    public IReadOnlyList<Series> Collect()
    {
        _metrics.Clear();

        // False, because one of the two exporters has no collector; the other one has what it needs.
        _app!.Services.GetRequiredService<MeterProvider>().ForceFlush();
        List<Series> series = [];
        foreach (MetricSnapshot metric in _metrics.Copy())
        {
            foreach (MetricPoint point in metric.MetricPoints)
            {
                Dictionary<string, string> labels = [];
                foreach (KeyValuePair<string, object?> label in point.Tags)
                    labels[label.Key] = Text(label.Value);

                double value = metric.MetricType switch
                {
                    MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
                    MetricType.LongGauge => point.GetGaugeLastValueLong(),
                    MetricType.Histogram => point.GetHistogramCount(),
                    _ => 0,
                };
                series.Add(new Series(metric.MeterName, metric.Name, labels, value));
            }
        }

        return series;
    }

    /// <summary>Every text of every span, in any place where one can stand.</summary>
    public IEnumerable<string> SpanTexts()
    {
        foreach (Activity span in Spans)
        {
            yield return span.DisplayName;
            yield return span.OperationName;
            yield return span.TraceStateString ?? "";
            yield return span.StatusDescription ?? "";
            foreach (string text in Texts(
                span.TagObjects).Concat(Texts(span.Baggage.Select(item => KeyValuePair.Create(item.Key, (object?)item.Value)))))
                yield return text;

            foreach (ActivityEvent happened in span.Events)
            {
                yield return happened.Name;
                foreach (string text in Texts(happened.Tags))
                    yield return text;
            }

            foreach (string text in span.Links.SelectMany(link => Texts(link.Tags ?? []).Append(link.Context.TraceState ?? "")))
                yield return text;
        }
    }

    private static IEnumerable<string> Texts(IEnumerable<KeyValuePair<string, object?>> attributes) =>
        attributes.SelectMany(attribute => new[] { attribute.Key, Text(attribute.Value) });

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    /// <summary>One series of a metric.</summary>
    internal sealed record Series(string Meter, string Instrument, IReadOnlyDictionary<string, string> Labels, double Value)
    {
        public IEnumerable<string> Texts => Labels.SelectMany(label => new[] { label.Key, label.Value });

        public string Id
        {
            get
            {
                IEnumerable<string> labels = Labels.OrderBy(label => label.Key, StringComparer.Ordinal)
                    .Select(label => $"{label.Key}={label.Value}");
                return $"{Instrument}{{{string.Join(", ", labels)}}}";
            }
        }

        public bool Has(string label, string value) => Labels.TryGetValue(label, out string? is_) && is_ == value;
    }

    /// <summary>Exporters add while tests read.</summary>
    private sealed class LockedList<T> : ICollection<T>
    {
        private readonly List<T> _items = [];

        public int Count => Copy().Count;

        public bool IsReadOnly => false;

        public IReadOnlyList<T> Copy()
        {
            lock (_items)
                return [.. _items];
        }

        public void Add(T item)
        {
            lock (_items)
                _items.Add(item);
        }

        public void Clear()
        {
            lock (_items)
                _items.Clear();
        }

        public bool Contains(T item) => Copy().Contains(item);

        public void CopyTo(T[] array, int arrayIndex) => throw new NotSupportedException();

        public bool Remove(T item) => throw new NotSupportedException();

        public IEnumerator<T> GetEnumerator() => Copy().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
