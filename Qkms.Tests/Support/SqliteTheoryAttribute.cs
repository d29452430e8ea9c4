namespace Qkms.Tests.Support;

/// <summary>A theory about SQLite alone, or about what does not depend on storage; left out by name where the tests run on PostgreSQL.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SqliteTheoryAttribute : TheoryAttribute
{
    public SqliteTheoryAttribute() => Skip = TestStorage.IsPostgres ? SqliteFactAttribute.Reason : null;
}
