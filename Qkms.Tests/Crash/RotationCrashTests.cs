using Qkms.Tests.Rotations;
using Xunit.Abstractions;

namespace Qkms.Tests.Crash;

/// <summary>The service is killed while it does scheduled rotations, again and again on the same data.</summary>
public sealed class RotationCrashTests(ITestOutputHelper output)
{
    private const int Jobs = 150;

    private static readonly Dictionary<string, string?> _often = new() { ["Qkms__Rotation__Interval"] = "00:00:00.100" };

    // What must not be: the numbers are KeyState's and RotationJobState's.
    private static readonly (string What, string Sql)[] _none =
    [
        ("jobs whose version says otherwise than they",
            "SELECT COUNT(*) FROM rotation_jobs j JOIN key_versions v ON v.tenant_id = j.tenant_id AND v.kid = j.kid "
            + "WHERE COALESCE(j.new_kid, '') <> COALESCE(v.next_kid, '')"),
        ("jobs that succeeded without their one event, or have one and did not",
            "SELECT COUNT(*) FROM rotation_jobs j WHERE (SELECT COUNT(*) FROM audit_events e WHERE e.tenant_id = j.tenant_id "
            + "AND e.kid = j.kid AND e.action = 'rotation.succeeded') <> CASE WHEN j.state = 3 THEN 1 ELSE 0 END"),
        ("jobs that failed or were cancelled", "SELECT COUNT(*) FROM rotation_jobs WHERE state IN (4, 5)"),
        ("keys with two active versions, or without one",
            "SELECT COUNT(*) FROM (SELECT name FROM key_versions GROUP BY tenant_id, name "
            + "HAVING SUM(CASE WHEN state = 1 THEN 1 ELSE 0 END) <> 1) AS x"),
        ("half chains",
            "SELECT COUNT(*) FROM key_versions v WHERE (v.next_kid IS NOT NULL AND NOT EXISTS (SELECT 1 FROM key_versions n WHERE "
            + "n.tenant_id = v.tenant_id AND n.kid = v.next_kid AND n.previous_kid = v.kid)) OR (v.previous_kid IS NOT NULL AND NOT "
            + "EXISTS (SELECT 1 FROM key_versions p WHERE p.tenant_id = v.tenant_id AND p.kid = v.previous_kid AND p.next_kid = v.kid))"),
        ("versions without the one event of their making",
            "SELECT COUNT(*) FROM key_versions v WHERE (SELECT COUNT(*) FROM audit_events e WHERE e.tenant_id = v.tenant_id AND "
            + "e.kid = v.kid AND e.action IN ('key.generated', 'key.rotated')) <> 1"),
        ("versions whose retirement and its event disagree",
            "SELECT COUNT(*) FROM key_versions v WHERE (SELECT COUNT(*) FROM audit_events e WHERE e.tenant_id = v.tenant_id AND "
            + "e.kid = v.kid AND e.action = 'key.retired') <> CASE WHEN v.retired_at IS NULL THEN 0 ELSE 1 END"),
        ("versions without material",
            "SELECT COUNT(*) FROM key_versions v WHERE NOT EXISTS (SELECT 1 FROM key_material m WHERE m.version_id = v.id)"),
        ("events of broken rows", "SELECT COUNT(*) FROM audit_events WHERE action = 'integrity.failed'"),
    ];

    /// <summary>
    /// A-13, A-19: kill -9 in the middle of jobs, every third of which goes over to another key, leaves each of them done as a whole or not
    /// at all; the next process goes on, and none is done twice.
    /// </summary>
    [FactIf(Requirement.LongTests)]
    public async Task A_kill_leaves_each_job_done_or_not_and_the_next_process_goes_on()
    {
        using TemporaryDirectory directory = new();
        await PrepareAsync(directory.Path);
        int kills = 0;
        long done = 0;
        for (int most = CrashCount.Or(6); kills < most && done < Jobs; kills++)
        {
            using ServiceProcess service = await ServiceProcess.StartAsync(directory.Path, _often);
            using HttpClient client = service.Client(repeats: true);
            long before = done;
            await Eventually.HoldsAsync(async () => await CountDoneAsync(client) > before);
            await Task.Delay(RandomNumberGenerator.GetInt32(8));
            await service.KillAsync();
            done = Check(directory.Path);
            done.Should().BeGreaterThan(before);
        }

        using ServiceProcess last = await ServiceProcess.StartAsync(directory.Path, _often);
        using HttpClient reader = last.Client(repeats: true);
        await Eventually.HoldsAsync(async () => await CountDoneAsync(reader) == Jobs);
        (await last.TerminateAsync()).Should().Be(0, last.Output);
        Check(directory.Path).Should().Be(Jobs);
        using (Database database = TestStorage.Open(directory.Path))
            database.Scalar("SELECT COUNT(*) FROM key_versions").Should().Be(2L * Jobs);

        last.Complaints.Should().BeEmpty();
        output.WriteLine($"{kills} kills, {Jobs} jobs done once each");
    }

    // The processes that follow find all of them due: orders are for later, so their times are moved as the service would write them.
    private static async Task PrepareAsync(string path)
    {
        await using QkmsApplication app = new(path);
        using HttpClient client = app.Client();
        await app.LeaveDueWorkAsync();
        for (int i = 0; i < Jobs; i++)
        {
            string kid = $"k{i}";
            await client.GenerateAsync(KeyUseVerbs.Aes, new { kid, name = kid });
            string change = i % 3 == 0 ? ",\"new_key\":{\"algorithm\":\"ML-KEM-768\"},\"allow_algorithm_change\":true" : "";
            string at = app.Time.GetUtcNow().AddHours(1).ToString("O");
            Answer ordered = await client.RotateVersionAsync(kid, $"{{\"scheduled_at\":\"{at}\"{change}}}");
            string id = ordered.ShouldBe(HttpStatusCode.Accepted).Text("id");
            await app.RewriteJobAsync(id, job => job with { NextAttemptAt = job.CreatedAt });
        }
    }

    private static async Task<long> CountDoneAsync(HttpClient client) =>
        (await client.GetJsonAsync("/kms/rotation-jobs?state=SUCCEEDED")).ShouldBe(HttpStatusCode.OK).Data["jobs"]!.AsArray().Count;

    private static long Check(string dataDirectory)
    {
        using Database database = TestStorage.OpenUntouched(dataDirectory);
        foreach ((string what, string sql) in _none)
            database.Scalar(sql).Should().Be(0L, "there must be no {0}", what);

        database.Flaws().Should().BeEmpty();
        return (long)database.Scalar("SELECT COUNT(*) FROM rotation_jobs WHERE state = 3")!;
    }
}
