namespace Qkms.Tests.Support;

/// <summary>A theory that starts a PostgreSQL server of its own, skipped by name where its programs are not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PostgresClusterTheoryAttribute : TheoryAttribute
{
    public PostgresClusterTheoryAttribute() => Skip = TestStorage.IsPostgres ? "It is the same whatever the other tests run on: it runs with those on SQLite." : PostgresCluster.MissingReason;
}
