namespace Qkms.Tests.Support;

/// <summary>A fact about SQLite alone, or about what does not depend on storage; left out by name where the tests run on PostgreSQL.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SqliteFactAttribute : FactAttribute
{
    internal const string Reason = "Not on PostgreSQL: it is about SQLite, or not about storage.";

    public SqliteFactAttribute() => Skip = TestStorage.IsPostgres ? Reason : null;
}
