using System.Collections.Frozen;
using System.Diagnostics;
using OpenTelemetry;
using Qkms.Core.Telemetry;

namespace Qkms.Api.Telemetry;

/// <summary>
/// Lets only known attributes out of the process. The libraries add what a caller sent: path, query, Host, User-Agent, a verb of his own.
/// A list of what may stay also holds against the attributes of their next versions.
/// </summary>
internal sealed class SpanAttributes : BaseProcessor<Activity>
{
    private static readonly FrozenSet<string> _none = FrozenSet<string>.Empty;

    private static readonly FrozenDictionary<string, FrozenSet<string>> _allowed = new Dictionary<string, FrozenSet<string>>
    {
        ["Microsoft.AspNetCore"] = FrozenSet.Create(
            "http.request.method", "http.route", "http.response.status_code", "url.scheme", "network.protocol.version", "error.type",
            KmsMeter.ErrorCodeLabel),

        // The text of statements is a constant of the repositories; values go as parameters. The server is the operator's.
        ["Npgsql"] = FrozenSet.Create(
            "db.system.name", "db.namespace", "db.query.text", "db.operation.name", "db.response.status_code", "db.npgsql.data_source",
            "server.address", "server.port", "error.type"),
        [KmsMeter.Name] = FrozenSet.Create(
            KmsMeter.OperationLabel, KmsMeter.AlgorithmLabel, KmsMeter.OutcomeLabel, "db.system.name"),
    }.ToFrozenDictionary();

    public override void OnEnd(Activity data)
    {
        FrozenSet<string> allowed = _allowed.GetValueOrDefault(data.Source.Name, _none);
        List<string>? refused = null;
        foreach (ref readonly KeyValuePair<string, object?> attribute in data.EnumerateTagObjects())
        {
            if (!allowed.Contains(attribute.Key))
                (refused ??= []).Add(attribute.Key);
        }

        foreach (string name in refused ?? [])
            data.SetTag(name, null);
    }
}
