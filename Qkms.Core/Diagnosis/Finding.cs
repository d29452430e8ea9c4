namespace Qkms.Core.Diagnosis;

/// <summary>How bad a finding is. The numbers are those of the metric and of the exit code.</summary>
internal enum Severity
{
    /// <summary>Nothing is to be done.</summary>
    Fine = 0,

    /// <summary>It works, and an operator has to act before it does not.</summary>
    Warning = 1,

    /// <summary>It does not work, or something is not as it was left.</summary>
    Failure = 2,
}

/// <summary>What was found when one thing was looked at.</summary>
/// <param name="Check">What was looked at: a word of <see cref="Checks"/>.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="What">What was found, as a sentence. No secret, no key name.</param>
/// <param name="Repair">What to do; null where there is nothing to do.</param>
internal sealed record Finding(string Check, Severity Severity, string What, string? Repair = null)
{
    /// <summary>Nothing is to be done.</summary>
    public static Finding Fine(string check, string what) => new(check, Severity.Fine, what);

    /// <summary>An operator has to act.</summary>
    public static Finding Warn(string check, string what, string repair) => new(check, Severity.Warning, what, repair);

    /// <summary>It does not work.</summary>
    public static Finding Fail(string check, string what, string repair) => new(check, Severity.Failure, what, repair);
}

/// <summary>What is looked at: the labels of the metric, and nothing else is one.</summary>
internal static class Checks
{
    /// <summary>The root key is there, opens this database, and is apart from it.</summary>
    public const string RootKey = "root_key";

    /// <summary>Nobody else can write or read the files.</summary>
    public const string Files = "files";

    /// <summary>The database can be read and has this release's schema.</summary>
    public const string Database = "database";

    /// <summary>The clock is right.</summary>
    public const string Clock = "clock";

    /// <summary>There is room on the disk.</summary>
    public const string Disk = "disk";

    /// <summary>The write-ahead log is given back.</summary>
    public const string Log = "log";

    /// <summary>There is a backup, and it is not old.</summary>
    public const string Backup = "backup";

    /// <summary>The TLS certificates are valid for long enough.</summary>
    public const string Certificates = "certificates";

    /// <summary>API keys do not end unnoticed.</summary>
    public const string ApiKeys = "api_keys";

    /// <summary>Rotation jobs are done when they are due.</summary>
    public const string Jobs = "jobs";

    /// <summary>No seal was found broken, and cryptography computed rightly.</summary>
    public const string Integrity = "integrity";

    /// <summary>All of them, in the order in which they are shown.</summary>
    public static IReadOnlyList<string> All { get; } =
        [RootKey, Files, Database, Clock, Disk, Log, Backup, Certificates, ApiKeys, Jobs, Integrity];
}
