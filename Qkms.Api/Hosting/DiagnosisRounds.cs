using Qkms.Core.Backups;
using Qkms.Core.Diagnosis;
using Qkms.Core.Journal;
using Qkms.Core.Store;
using Qkms.Core.Telemetry;

namespace Qkms.Api.Hosting;

/// <summary>
/// Looks at what <c>qkms doctor</c> looks at, and shows how bad it is as a metric: while somebody listens. The journal is not read for it:
/// alarms are those of this process.
/// </summary>
internal sealed class DiagnosisRounds(
    IKmsStore store,
    DatabaseDiagnosis database,
    IntegrityAlarm alarm,
    QkmsSettings settings,
    IConfiguration configuration,
    DiagnosisLimits limits,
    Entrance entrance,
    TimeProvider time,
    ILogger<DiagnosisRounds> logger)
    : PeriodicWork("looking at what qkms doctor looks at", Interval, entrance, time, logger)
{
    /// <summary>How often. An alert on days and free disk needs no more.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private readonly HostDiagnosis _host = new(settings, configuration, limits, time);

    protected override IReadOnlyList<Func<CancellationToken, Task>> Tasks => [LookAsync];

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (!KmsMeter.Diagnosis.Enabled)
            return;

        (LastBackup? backup, Finding? noBackup) = _host.FindLastBackup();
        List<Finding> findings = [_host.LookForRootKeyBesideData(), .. _host.Look()];
        try
        {
            findings.AddRange(await store.ReadAsync(
                session => database.LookAsync(session, new KnownBeside(RootKeyId: null, backup, alarm.Raised)), cancellationToken));
        }
        catch (KmsException e)
        {
            findings.Add(Finding.Fail(Checks.Database, e.Message, "See the log."));
        }

        foreach (IGrouping<string, Finding> check in Findings.Order(findings, noBackup).GroupBy(finding => finding.Check))
            KmsMeter.Diagnosis.Record(
                check.Max(finding => (long)finding.Severity), KeyValuePair.Create<string, object?>(KmsMeter.CheckLabel, check.Key));
    }
}
