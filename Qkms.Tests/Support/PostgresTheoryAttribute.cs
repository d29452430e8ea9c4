namespace Qkms.Tests.Support;

/// <summary>A theory that needs a PostgreSQL server, skipped by name where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = PostgresServer.MissingReason;
}
