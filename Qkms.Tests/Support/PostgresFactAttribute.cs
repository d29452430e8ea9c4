namespace Qkms.Tests.Support;

/// <summary>A fact that needs a PostgreSQL server, skipped by name where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresServer.MissingReason;
}
