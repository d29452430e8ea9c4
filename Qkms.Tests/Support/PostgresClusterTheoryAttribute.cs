namespace Qkms.Tests.Support;

/// <summary>A theory that starts a PostgreSQL server of its own, skipped by name where its programs are not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PostgresClusterTheoryAttribute : TheoryAttribute
{
    public PostgresClusterTheoryAttribute() => Skip = TestStorage.IsPostgres ? "Not on PostgreSQL: it starts a server of its own, and runs with the tests on SQLite." : PostgresCluster.MissingReason;
}
