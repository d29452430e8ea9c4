namespace Qkms.Tests.Telemetry;

/// <summary>Listeners hear the whole process, so these tests run while no others do.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TelemetryCollection
{
    public const string Name = "Telemetry";
}
