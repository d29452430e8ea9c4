namespace Qkms.Core.Telemetry;

/// <summary>What metrics say.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>Whether <c>qkms.operations</c> is counted for each tenant. Off by default, because it makes a series for each.</summary>
    public bool TenantLabel { get; init; }
}
