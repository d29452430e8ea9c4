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
/// <param name="caller">The caller, if authenticated.</param>
/// <param name="requestId">Its id.</param>
/// <param name="traceId">The trace that shows it; null when it is not traced.</param>
internal sealed class RequestLogEntry(
    string method, string route, int status, TimeSpan elapsed, Caller? caller, Guid requestId, string? traceId = null)
    : IReadOnlyList<KeyValuePair<string, object?>>, IJsonLogState
{
    private const string Nobody = "-";

    public string Title => "Request answered.";

    public int Count => traceId is null ? 7 : 8;

    // Microseconds are as fine as it gets.
    private double Milliseconds => Math.Round(elapsed.TotalMilliseconds, 3);

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("Method", method),
        1 => new("Route", route),
        2 => new("Status", status),
        3 => new("Milliseconds", Milliseconds),
        4 => new("TenantId", caller?.TenantId.ToString() ?? Nobody),
        5 => new("ApiKeyId", caller?.CredentialId.ToString() ?? Nobody),
        6 => new("RequestId", requestId),
        7 when traceId is not null => new("TraceId", traceId),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("Method"u8, method);
        json.WriteString("Route"u8, route);
        json.WriteNumber("Status"u8, status);
        json.WriteNumber("Milliseconds"u8, Milliseconds);
        if (caller is null)
        {
            json.WriteString("TenantId"u8, Nobody);
            json.WriteString("ApiKeyId"u8, Nobody);
        }
        else
        {
            json.WriteString("TenantId"u8, caller.TenantId.Value);
            json.WriteString("ApiKeyId"u8, caller.CredentialId.Value);
        }

        json.WriteString("RequestId"u8, requestId);
        if (traceId is not null)
            json.WriteString("TraceId"u8, traceId);
    }

    /// <summary>The line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{method} {route} {status} {elapsed.TotalMilliseconds:0.0} ms tenant {caller?.TenantId.ToString() ?? Nobody} api-key "
        + $"{caller?.CredentialId.ToString() ?? Nobody} request {requestId}{(traceId is null ? "" : $" trace {traceId}")}");

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
