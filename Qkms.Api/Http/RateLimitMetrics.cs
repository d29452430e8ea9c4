using System.Diagnostics.Metrics;
using Qkms.Core.Telemetry;

namespace Qkms.Api.Http;

/// <summary>Whose limit it was that a request met.</summary>
internal enum RateLimitScope
{
    /// <summary>The part of its tenant's that one API key may use.</summary>
    ApiKey,

    /// <summary>The tenant's plan.</summary>
    Tenant,

    /// <summary>An address without a valid API key.</summary>
    Address,
}

/// <summary>Counts what rate limits refuse.</summary>
internal static class RateLimitMetrics
{
    private const string ScopeLabel = "qkms.rate_limit.scope";

    private static readonly Counter<long> _refusals = KmsMeter.Meter.CreateCounter<long>(
        "qkms.rate_limit.refusals", "{request}", "Requests refused by a rate limit, by whose it was.");

    /// <summary>Counts one.</summary>
    public static void Count(RateLimitScope scope) => _refusals.Add(1, KeyValuePair.Create<string, object?>(ScopeLabel, scope switch
    {
        RateLimitScope.ApiKey => "api_key",
        RateLimitScope.Tenant => "tenant",
        _ => "address",
    }));
}
