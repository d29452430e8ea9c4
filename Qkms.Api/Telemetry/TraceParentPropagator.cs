using System.Diagnostics;

namespace Qkms.Api.Telemetry;

/// <summary>
/// Takes only <c>traceparent</c> from a request, so that a caller's trace continues here: <c>baggage</c> and <c>tracestate</c>
/// are free text, and a stranger could put anything into what the service exports.
/// </summary>
internal sealed class TraceParentPropagator : DistributedContextPropagator
{
    private static readonly DistributedContextPropagator _w3c = CreateW3CPropagator();

    public override IReadOnlyCollection<string> Fields { get; } = ["traceparent"];

    // The service calls nobody whose trace would go on.
    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
    }

    public override void ExtractTraceIdAndState(
        object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
    {
        _w3c.ExtractTraceIdAndState(carrier, getter, out traceId, out _);
        traceState = null;
    }

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
