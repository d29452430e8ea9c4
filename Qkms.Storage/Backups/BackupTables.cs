namespace Qkms.Storage.Backups;

/// <summary>
/// Every table of the schema: what a backup has, and what it leaves out and why. A test compares both with the schema, so that a new table
/// is not forgotten.
/// </summary>
internal static class BackupTables
{
    /// <summary>The tables of a backup, each behind those that it refers to.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "installation",
        "root_wrappers",
        "root_wrapper_set",
        "tenants",
        "keyring",
        "keys",
        "key_versions",
        "key_material",
        "key_usage",
        "version_counts",
        "aliases",
        "key_tags",
        "devices",
        "device_counts",
        "credentials",
        "credential_usage",
        "audit_streams",
        "audit_events",
        "rotation_jobs",
        "idempotency",
        "observed_hours",
        "destruction_hold",
    ];

    /// <summary>What belongs to a database and not to the installation.</summary>
    public static IReadOnlyDictionary<string, string> LeftOut { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["schema_migrations"] = "The scripts of the other database have other hashes. The manifest has their number.",
        ["schema_lock"] = "What nodes of PostgreSQL wait for. It holds nothing.",
        ["epochs"] = "Where the database has been. A restored one begins a new epoch, so that nodes of before refuse it.",
        ["writes"] = "Which commits succeeded, for nodes that wait for the answer. Nobody waits for those of a backup.",
    };
}
