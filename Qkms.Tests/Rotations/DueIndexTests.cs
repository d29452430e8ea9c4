using System.Globalization;
using Qkms.Storage.Rotations;
using Qkms.Storage.Sessions;

namespace Qkms.Tests.Rotations;

/// <summary>
/// what is due is found by an index that holds what waits and nothing else, in the order in which it is due: a look costs what is
/// due, not how many keys there are.
/// </summary>
public sealed class DueIndexTests : ServiceTests
{
    public static TheoryData<string, string> Looks => new()
    {
        { "jobs", "rotation_jobs_due" },
        { "keys", "keys_next_rotation" },
        { "versions", "key_versions_auto_rotate" },
    };

    [Theory]
    [MemberData(nameof(Looks))]
    public void What_is_due_is_found_by_its_index(string what, string index)
    {
        _ = App.Server;
        using Database database = App.OpenDatabase();
        SqlDialect dialect = TestStorage.IsPostgres ? SqlDialect.Postgres : SqlDialect.Sqlite;
        string sql = what switch
        {
            "jobs" => RotationJobRepository.SelectDueJobs(dialect),
            "keys" => RotationJobRepository.SelectDueKeys(dialect),
            _ => RotationJobRepository.SelectDueVersions(dialect),
        };
        foreach ((string name, string value) in new[]
        {
            ("@Now", "1800000000000"), ("@DueAt", "0"), ("@Limit", "100"), ("@After", TestStorage.IsPostgres ? "'\\x'::bytea" : "x''"),
        })
            sql = sql.Replace(name, value, StringComparison.Ordinal);

        // A server with an empty table prefers to read all of it, unless it is told not to.
        if (TestStorage.IsPostgres)
            database.Execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off");

        string plan = string.Join('\n', database.Rows((TestStorage.IsPostgres ? "EXPLAIN " : "EXPLAIN QUERY PLAN ") + sql)
            .Select(row => Convert.ToString(row[^1], CultureInfo.InvariantCulture)));

        plan.Should().Contain(index);
        plan.Should().NotContain("TEMP B-TREE").And.NotContain("Sort").And.NotContain("Seq Scan");
        plan.Split('\n').Should().NotContain(line => line.StartsWith("SCAN", StringComparison.Ordinal) && !line.Contains(index));
    }
}
