using System.Globalization;
using Qkms.Core.ApiKeys;
using Qkms.Core.Backups;
using Qkms.Core.Keyrings;
using Qkms.Core.Lifecycle;
using Qkms.Core.Store;

namespace Qkms.Core.Diagnosis;

/// <summary>What there is to know beside the database.</summary>
/// <param name="RootKeyId">The root key that was found; null where none was looked for or found.</param>
/// <param name="LastBackup">The newest backup that was noted, or null.</param>
/// <param name="Alarms">How many alarms this process raised; null = count those of the journal.</param>
internal sealed record KnownBeside(string? RootKeyId, LastBackup? LastBackup, long? Alarms);

/// <summary>Looks at what only the database can tell. It reads.</summary>
internal sealed class DatabaseDiagnosis(
    IDiagnosisRepository repository,
    ICredentialRepository credentials,
    IKeyringRepository keyring,
    IObservedTimeRepository observed,
    DiagnosisLimits limits,
    TimeProvider time)
{
    /// <summary>Looks; nothing that is found is thrown.</summary>
    public async Task<IReadOnlyList<Finding>> LookAsync(IKmsSession session, KnownBeside known)
    {
        DateTimeOffset now = time.GetUtcMilliseconds();
        StoreState state = await repository.FindStateAsync(session);
        List<Finding> findings = [Finding.Fine(Checks.Database, "It can be read, and its schema is the one of this release.")];
        if (known.RootKeyId is { } id && await LookAtRootKeyAsync(session, id) is { } wrong)
            findings.Add(wrong);

        findings.Add(await LookAtClockAsync(session, state, now));
        findings.Add(LookAtLog(state));
        findings.Add(LookAtBackup(state, known.LastBackup, now));
        findings.Add(await LookAtApiKeysAsync(session, now));
        findings.Add(await LookAtJobsAsync(session, now));
        findings.Add(await LookAtAlarmsAsync(session, known.Alarms, now));
        return findings;
    }

    private async Task<Finding?> LookAtRootKeyAsync(IKmsSession session, string id)
    {
        IReadOnlyList<RootWrapper> wrappers = await keyring.ListRootWrappersAsync(session);
        return wrappers.Count == 0 || wrappers.Any(wrapper => wrapper.RootKeyId == id)
            ? null
            : Finding.Fail(
                Checks.RootKey,
                $"The root key {id} does not open this database, which needs {string.Join(" or ", wrappers.Select(one => one.RootKeyId))}.",
                "Put the root key of this database where the settings name it.");
    }

    private async Task<Finding> LookAtClockAsync(IKmsSession session, StoreState state, DateTimeOffset now)
    {
        long hour = now.ToUnixTimeSeconds() / 3600;
        if (await observed.FindLastAsync(session, long.MaxValue) is { } last && last > hour)
            return Finding.Fail(
                Checks.Clock,
                $"The clock is behind: the service has already seen {DateTimeOffset.FromUnixTimeSeconds(last * 3600):u}.",
                "Set the clock, and have it kept by NTP; see docs/destruction.md for what waits meanwhile.");

        TimeSpan difference = state.Clock is { } clock ? (now - clock).Duration() : TimeSpan.Zero;
        string text = string.Create(CultureInfo.InvariantCulture, $"{difference.TotalSeconds:0.0} s from the database server's");
        const string Repair = "Have both clocks kept by NTP.";
        return difference >= limits.ClockFailure ? Finding.Fail(Checks.Clock, $"The clock is {text}.", Repair)
            : difference >= limits.ClockWarning ? Finding.Warn(Checks.Clock, $"The clock is {text}.", Repair)
            : Finding.Fine(Checks.Clock, state.Clock is null ? "It is not behind what the service has seen." : $"It is {text}.");
    }

    private Finding LookAtLog(StoreState state)
    {
        string size = $"The write-ahead log holds {Megabytes(state.LogBytes)}.";
        const string Repair = "Find who reads for long or replicates no more: a backup, a verification, on PostgreSQL a replication slot.";
        if (state.LogBytes >= limits.LogFailure)
            return Finding.Fail(Checks.Log, size, Repair);

        if (state.LogBytes >= limits.LogWarning)
            return Finding.Warn(Checks.Log, size, Repair);

        return state.LongestTransaction >= limits.TransactionWarning
            ? Finding.Warn(
                Checks.Log,
                string.Create(CultureInfo.InvariantCulture, $"A transaction of another session is {state.LongestTransaction:c} old."),
                "Look for it in pg_stat_activity: old rows are kept until it ends.")
            : Finding.Fine(Checks.Log, size);
    }

    private Finding LookAtBackup(StoreState state, LastBackup? backup, DateTimeOffset now)
    {
        const string Repair = "Run 'qkms backup', copy the file to another machine, and try it with 'qkms restore --drill'.";
        if (backup is null)
            return Finding.Warn(Checks.Backup, "No 'qkms backup' was made on this host.", Repair);

        if (state.InstallationId is { } id && backup.InstallationId != id)
            return Finding.Warn(Checks.Backup, "The newest backup of this host is of another installation.", Repair);

        TimeSpan age = now - backup.MadeAt;
        string text = $"The newest backup of this host is of {backup.MadeAt:u}";
        return age >= limits.BackupWarning ? Finding.Warn(Checks.Backup, $"{text}: {(int)age.TotalDays} days old.", Repair)
            : age <= -limits.ClockFailure ? Finding.Warn(Checks.Backup, $"{text}, which is in the future.", "Set the clock.")
            : Finding.Fine(Checks.Backup, $"{text}.");
    }

    private async Task<Finding> LookAtApiKeysAsync(IKmsSession session, DateTimeOffset now)
    {
        long ending = await credentials.CountEndingAsync(session, now, now + limits.Notice);
        return ending == 0
            ? Finding.Fine(Checks.ApiKeys, $"None ends within {limits.Notice.Days} days.")
            : Finding.Warn(
                Checks.ApiKeys,
                $"{ending} of all tenants' API keys end within {limits.Notice.Days} days.",
                "Have them rotated: 'qkms api-key list' and GET /api-keys show which.");
    }

    private async Task<Finding> LookAtJobsAsync(IKmsSession session, DateTimeOffset now)
    {
        long late = await repository.CountLateJobsAsync(session, now - limits.JobLate);
        long failed = await repository.CountFailedJobsAsync(session, now - limits.Recent);
        return late > 0
            ? Finding.Fail(Checks.Jobs, $"{late} rotation jobs are due for more than an hour.", "Is the service running? Its log says why.")
            : failed > 0
            ? Finding.Warn(
                Checks.Jobs,
                $"{failed} rotation jobs failed within {limits.Recent.Days} days.",
                "Look at GET /kms/rotation-jobs?state=FAILED of each tenant, and rotate those keys.")
            : Finding.Fine(Checks.Jobs, "None is late, and none has failed lately.");
    }

    private async Task<Finding> LookAtAlarmsAsync(IKmsSession session, long? raised, DateTimeOffset now)
    {
        long alarms = raised ?? await repository.CountAlarmsAsync(session, now - limits.Recent);
        string since = raised is null ? $"within {limits.Recent.Days} days, as the journal says" : "since the start";
        return alarms == 0
            ? Finding.Fine(Checks.Integrity, $"No seal was found broken {since}.")
            : Finding.Fail(
                Checks.Integrity,
                $"{alarms} alarms of broken seals or wrong computation {since}.",
                "Run 'qkms verify', and look for the Critical lines of the log. Keep a copy of the database before you restore.");
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MB");
}
