using System.Globalization;
using Qkms.Storage.Aliases;

namespace Qkms.Tests.Aws;

/// <summary>The newest event about an alias is found by an index of such events: a look costs the same in a long journal.</summary>
public sealed class AliasIndexTests : ServiceTests
{
    public static TheoryData<string> Looks => [AliasRepository.SelectWithEvent, AliasRepository.SelectPage];

    [Theory]
    [MemberData(nameof(Looks))]
    public void The_newest_event_is_found_by_its_index(string sql)
    {
        _ = App.Server;
        using Database database = App.OpenDatabase();
        string tenant = TestStorage.IsPostgres ? "'\\x00'::bytea" : "x'00'";
        sql = sql.Replace("@TenantId", tenant, StringComparison.Ordinal).Replace("@Name", "'alias/a'", StringComparison.Ordinal);

        // A server with an empty table prefers to read all of it, unless it is told not to.
        if (TestStorage.IsPostgres)
            database.Execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off");

        string plan = string.Join('\n', database.Rows((TestStorage.IsPostgres ? "EXPLAIN " : "EXPLAIN QUERY PLAN ") + sql)
            .Select(row => Convert.ToString(row[^1], CultureInfo.InvariantCulture)));

        plan.Should().Contain("audit_events_alias");
        plan.Should().NotContain("Seq Scan").And.NotContain("SCAN audit_events");
    }
}
