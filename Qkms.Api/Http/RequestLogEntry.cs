using System.Collections;
using System.Globalization;
using System.Text.Json;
using Qkms.Api.Logging;

namespace Qkms.Api.Http;

/// <summary>The log entry of a request: identifiers, and nothing that the caller wrote.</summary>
/// <param name="method">The verb, if it is a known one.</param>
/// <param name="route">The route's template.</param>
/// <param name="status">The status of the answer.</param>
/// <param name="elapsed">How long it took.</param>
/// <param name="facts">Its id, and its caller, error and key as far as they are known.</param>
/// <param name="traceId">The trace that shows it; null when it is not traced.</param>
internal sealed class RequestLogEntry(
    string method, string route, int status, TimeSpan elapsed, RequestFacts facts, string? traceId = null)
    : IReadOnlyList<KeyValuePair<string, object?>>, IJsonLogState
{
    private const string Nobody = "-";

    // What every line has; behind it stands what only some have.
    private const int Always = 7;

    private readonly List<KeyValuePair<string, string>> _known = Known(facts, traceId);

    public string Title => "Request answered.";

    public int Count => Always + _known.Count;

    // Microseconds are as fine as it gets.
    private double Milliseconds => Math.Round(elapsed.TotalMilliseconds, 3);

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("Method", method),
        1 => new("Route", route),
        2 => new("Status", status),
        3 => new("Milliseconds", Milliseconds),
        4 => new("TenantId", facts.Caller?.TenantId.ToString() ?? Nobody),
        5 => new("ApiKeyId", facts.Caller?.CredentialId.ToString() ?? Nobody),
        6 => new("RequestId", facts.RequestId),
        _ => new(_known[index - Always].Key, _known[index - Always].Value),
    };

    public void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("Method"u8, method);
        json.WriteString("Route"u8, route);
        json.WriteNumber("Status"u8, status);
        json.WriteNumber("Milliseconds"u8, Milliseconds);
        if (facts.Caller is not { } caller)
        {
            json.WriteString("TenantId"u8, Nobody);
            json.WriteString("ApiKeyId"u8, Nobody);
        }
        else
        {
            json.WriteString("TenantId"u8, caller.TenantId.Value);
            json.WriteString("ApiKeyId"u8, caller.CredentialId.Value);
        }

        json.WriteString("RequestId"u8, facts.RequestId);
        foreach ((string name, string value) in _known)
            json.WriteString(name, value);
    }

    /// <summary>The line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{method} {route} {status} {elapsed.TotalMilliseconds:0.0} ms tenant {facts.Caller?.TenantId.ToString() ?? Nobody} api-key "
        + $"{facts.Caller?.CredentialId.ToString() ?? Nobody} request {facts.RequestId}"
        + $"{string.Concat(_known.Select(pair => $" {Word(pair.Key)} {pair.Value}"))}");

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static string Word(string name) => name switch
    {
        "ErrorCode" => "error",
        "Kid" => "kid",
        "Algorithm" => "algorithm",
        "Use" => "use",
        "TraceId" => "trace",
        _ => "server-request",
    };

    private static List<KeyValuePair<string, string>> Known(RequestFacts facts, string? traceId)
    {
        TouchedKey? key = facts.Caller?.Touched;
        List<KeyValuePair<string, string>> known = new(6);
        Add("ErrorCode", facts.ErrorCode);
        Add("Kid", key?.Kid?.Value);
        Add("Algorithm", key?.Algorithm);
        Add("Use", key?.Use);
        Add("TraceId", traceId);
        if (facts.ServerRequestId != facts.RequestId)
            Add("ServerRequestId", facts.ServerRequestId.ToString());

        return known;

        void Add(string name, string? value)
        {
            if (value is not null)
                known.Add(KeyValuePair.Create(name, value));
        }
    }
}
