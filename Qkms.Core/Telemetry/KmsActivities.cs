using System.Diagnostics;

namespace Qkms.Core.Telemetry;

/// <summary>
/// The one source of Qkms's own spans; docs/observability.md names them. Their attributes are words of <c>OperationNames</c>,
/// <see cref="Outcomes"/> and the catalogue of algorithms, and nothing that a caller sent.
/// </summary>
internal static class KmsActivities
{
    /// <summary>Finding out whose API key it is.</summary>
    public const string Authenticate = "qkms.authenticate";

    /// <summary>Finding the key version, and whether it may be used.</summary>
    public const string ChooseKey = "qkms.choose_key";

    /// <summary>Reading, unwrapping and expanding a private key that is not in memory.</summary>
    public const string LoadMaterial = "qkms.load_material";

    /// <summary>The cryptographic operation itself.</summary>
    public const string Crypto = "qkms.crypto";

    /// <summary>Generating a key.</summary>
    public const string GenerateMaterial = "qkms.generate_material";

    /// <summary>What is done in the background.</summary>
    public const string Housekeeping = "qkms.housekeeping";

    /// <summary>The source. Nothing is started, and null returned, while nobody listens.</summary>
    public static ActivitySource Source { get; } = new(KmsMeter.Name);

    /// <summary>Starts a span inside the current one; null when nobody listens.</summary>
    public static Activity? Start(string name, ActivityKind kind = ActivityKind.Internal) => Source.StartActivity(name, kind);
}
