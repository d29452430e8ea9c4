namespace Qkms.Core.Telemetry;

/// <summary>What integrity alarms are about.</summary>
internal static class IntegrityKinds
{
    /// <summary>A stored row or a wrapped key does not match its protection.</summary>
    public const string Seal = "seal";

    /// <summary>Two cryptographic implementations do not agree.</summary>
    public const string Engine = "engine";
}
