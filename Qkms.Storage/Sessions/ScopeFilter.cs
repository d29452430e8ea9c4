using System.Text.Json.Nodes;
using Qkms.Core.Callers;

namespace Qkms.Storage.Sessions;

/// <summary>
/// The names that an API key may know of, as a condition of a list. One text for every scope, so that statements stay prepared.
/// </summary>
internal static class ScopeFilter
{
    /// <summary>
    /// The condition, or nothing for all names. It needs the parameters <c>ScopeNames</c> and <c>ScopeFolders</c>.
    /// </summary>
    /// <param name="scope">The scope.</param>
    /// <param name="dialect">The database's.</param>
    /// <param name="column">The column of the name.</param>
    public static string AndWithin(KeyScope scope, SqlDialect dialect, string column) =>
        scope.IsAll ? "" : $" AND {Within(dialect, column)}";

    /// <summary>
    /// The same for a row of the journal, which names a version or a key and not its name. Rows about neither are left out.
    /// </summary>
    public static string AndAboutKeyWithin(KeyScope scope, SqlDialect dialect) => scope.IsAll
        ? ""
        : $"""
             AND (
              EXISTS (
                SELECT 1
                FROM key_versions v
                WHERE v.tenant_id = @TenantId AND v.owner_kind = '' AND v.kid = audit_events.kid AND {Within(dialect, "v.name")})
              OR (kid IS NULL AND EXISTS (
                SELECT 1
                FROM keys k
                WHERE k.tenant_id = @TenantId AND k.owner_kind = '' AND k.id = audit_events.key_id AND {Within(dialect, "k.name")})))
            """;

    /// <summary>The value of <c>ScopeNames</c>.</summary>
    public static string NamesOf(KeyScope scope) => ToJson(scope.Names);

    /// <summary>The value of <c>ScopeFolders</c>.</summary>
    public static string FoldersOf(KeyScope scope) => ToJson(scope.Folders);

    private static string Within(SqlDialect dialect, string column) =>
        $"""
        ({column} IN (SELECT s.value FROM {dialect.TextsOf("@ScopeNames")} s)
          OR EXISTS (
            SELECT 1 FROM {dialect.TextsOf("@ScopeFolders")} s WHERE substr({column}, 1, length(s.value)) = s.value))
        """;

    private static string ToJson(IReadOnlyList<string> texts) =>
        new JsonArray([.. texts.Select(text => JsonValue.Create(text))]).ToJsonString();
}
