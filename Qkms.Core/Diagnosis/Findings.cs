namespace Qkms.Core.Diagnosis;

/// <summary>The findings of several looks, put together.</summary>
internal static class Findings
{
    /// <summary>In the order of the checks; of a check that has something to say, what is fine is left out.</summary>
    /// <param name="findings">What was found.</param>
    /// <param name="noBackup">Takes the place of what was found of backups; null where it is known when the last one was made.</param>
    public static IReadOnlyList<Finding> Order(IReadOnlyList<Finding> findings, Finding? noBackup)
    {
        // A note that cannot be read says more than that there is none.
        Finding[] all = noBackup is null ? [.. findings] : [.. findings.Where(one => one.Check != Checks.Backup), noBackup];
        return
        [
            .. Checks.All.SelectMany(check =>
            {
                Finding[] ofCheck = [.. all.Where(one => one.Check == check)];
                Finding[] bad = [.. ofCheck.Where(one => one.Severity != Severity.Fine)];
                return bad.Length > 0 ? bad : ofCheck.Take(1);
            }),
        ];
    }

    /// <summary>The worst of them.</summary>
    public static Severity WorstOf(IEnumerable<Finding> findings) => findings.Max(finding => finding.Severity);
}
