namespace Qkms.Tests.Architecture;

/// <summary>
/// The folders of a project as floors, from the ground up: a type uses its own folder and those before it in the list. An order without an
/// upward arrow has no circle either. What is in no folder is the roof, which puts the floors together.
/// </summary>
internal sealed class Floors(string project, params string[] fromTheGroundUp)
{
    public static readonly Floors Core = new(
        "Qkms.Core",
        "Errors", "Gates", "Names", "Time", "Secrets", "Pkcs11", "AwsKms",
        "Cryptography", "Sealing", "Algorithms",
        "Telemetry", "Store",
        "Keyrings", "Callers", "Tenants", "Journal", "ApiKeys", "Idempotency",
        "Keys", "Rotations", "Aliases", "Tags", "Uses", "Lifecycle",
        "Encryption", "Signatures", "Macs", "Devices", "Installation", "Administration", "Verification", "Backups", "Diagnosis");

    public static readonly Floors Storage = new(
        "Qkms.Storage",
        "Telemetry", "Rows",
        "Sessions",
        "Keyrings", "Tenants", "Journal", "ApiKeys", "Idempotency", "Keys", "Rotations", "Aliases", "Tags", "Devices",
        "Lifecycle",
        "Verification", "Diagnosis",
        "Migrations", "Sqlite", "Postgres", "Backups");

    public static readonly Floors Api = new(
        "Qkms.Api",
        "Logging", "Http", "Certificates",
        "Fields",
        "Envelopes", "Telemetry", "Idempotency",
        "Pages",
        "Health", "Algorithms", "Keys", "Rotations", "Encryption", "Signatures", "Macs", "Devices", "Journal", "ApiKeys",
        "Tenants",
        "Aws",
        "Hosting",
        "Commands");

    public string Project => project;

    public IReadOnlyList<string> Folders => fromTheGroundUp;

    /// <summary>The folder of a type, which is named without its project; null for the roof.</summary>
    public static string? FolderOf(string type) => type.Contains('.', StringComparison.Ordinal) ? type.Split('.')[0] : null;

    /// <summary>The arrows to a floor above their own, as "from -> to". Types of a folder that is not in the list have none.</summary>
    public string[] Upward(IEnumerable<Arrow> arrows) =>
    [
        .. arrows.Where(arrow => HeightOf(arrow.From) is { } from && HeightOf(arrow.To) > from)
            .Select(arrow => $"{arrow.From} -> {arrow.To}")
            .Distinct()
            .Order(StringComparer.Ordinal),
    ];

    private int? HeightOf(string type) => FolderOf(type) switch
    {
        null => fromTheGroundUp.Length,
        { } folder => Array.IndexOf(fromTheGroundUp, folder) is var height and >= 0 ? height : null,
    };
}

/// <summary>One type uses another; both are named without their project.</summary>
internal readonly record struct Arrow(string From, string To);
