namespace Qkms.Tests.Storage;

/// <summary>Marks a class whose tests, inherited ones too, need a PostgreSQL server.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NeedsPostgresAttribute : Attribute
{
    public static string? SkipReason => PostgresServer.MissingReason;
}
