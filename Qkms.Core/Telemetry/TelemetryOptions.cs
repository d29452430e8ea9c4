namespace Qkms.Core.Telemetry;

/// <summary>What metrics say.</summary>
public sealed record TelemetryOptions
{
    /// <summary><c>Qkms:Telemetry:TenantLabel</c>: whether <c>qkms.operations</c> is counted for each tenant; a series for each, so off unless asked for.</summary>
    public bool TenantLabel { get; init; }
}
