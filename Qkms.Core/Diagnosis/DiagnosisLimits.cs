namespace Qkms.Core.Diagnosis;

/// <summary>From where on something is a warning or a failure. docs/doctor.md has the same numbers.</summary>
internal sealed record DiagnosisLimits
{
    /// <summary>So much of the clock's difference to the database's is the network's.</summary>
    public TimeSpan ClockWarning { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>From here on, API keys and keys begin and end noticeably wrong.</summary>
    public TimeSpan ClockFailure { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Free disk: less is a warning,</summary>
    public long DiskWarning { get; init; } = 1L << 30;

    /// <summary>and less than this a failure: a write may be refused soon.</summary>
    public long DiskFailure { get; init; } = 100L << 20;

    /// <summary>A log that is checkpointed stays far below.</summary>
    public long LogWarning { get; init; } = 64L << 20;

    /// <summary>At this size somebody holds the log back for long, and the disk fills.</summary>
    public long LogFailure { get; init; } = 1L << 30;

    /// <summary>No transaction of Qkms takes so long but a backup or a verification.</summary>
    public TimeSpan TransactionWarning { get; init; } = TimeSpan.FromHours(1);

    /// <summary>A backup should be younger.</summary>
    public TimeSpan BackupWarning { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Certificates and API keys that end within this time are told of, as the log and the response headers do.</summary>
    public TimeSpan Notice { get; init; } = TimeSpan.FromDays(14);

    /// <summary>A job that was due so long ago is not being done.</summary>
    public TimeSpan JobLate { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How far back failures and alarms are counted.</summary>
    public TimeSpan Recent { get; init; } = TimeSpan.FromDays(7);
}
