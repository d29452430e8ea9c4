namespace Qkms.Core.Telemetry;

/// <summary>What metrics say.</summary>
public sealed record TelemetryOptions
{
    /// <summary><c>Qkms:Telemetry:TenantLabel</c>: whether <c>qkms.operations</c> is counted for each tenant. Off: it makes a series for each.</summary>
    public bool TenantLabel { get; init; }
}
