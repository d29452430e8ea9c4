using System.Collections.Concurrent;
using System.Text;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Qkms.Storage.Migrations;

/// <summary>
/// The schema of an SQLite database. SQLite reads it from the texts of <c>sqlite_master</c> and from nothing else, so the texts are
/// compared; what is expected is made by running the migrations in memory.
/// </summary>
internal static class SqliteSchema
{
    // ANALYZE's tables only influence which index is chosen. They count as what they are by kind, name and text together.
    private const string SelectObjects =
        """
        SELECT type || ' ' || name AS name, COALESCE(sql, '') AS definition
        FROM sqlite_master
        WHERE (type, name, sql) NOT IN (VALUES
          ('table', 'sqlite_stat1', 'CREATE TABLE sqlite_stat1(tbl,idx,stat)'),
          ('table', 'sqlite_stat4', 'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)'))
          OR sql IS NULL
        """;

    /// <summary>The schema as it is.</summary>
    public static Schema Read(SqliteConnection connection) => Schema.Of(connection.Query<SchemaObject>(SelectObjects)
        .Select(found => new SchemaObject { Name = found.Name, Definition = Tokens(found.Definition) })
        .Append(new SchemaObject { Name = "application_id", Definition = connection.ExecuteScalar<string>("PRAGMA application_id")! }));

    // By the hashes of the scripts. A start asks for the schema before and after what is missing, and the tests start many services.
    private static readonly ConcurrentDictionary<string, Schema> _after = new(StringComparer.Ordinal);

    /// <summary>The schema after these scripts.</summary>
    public static Schema After(IEnumerable<Migration> migrations)
    {
        Migration[] scripts = [.. migrations];
        return _after.GetOrAdd(
            string.Concat(scripts.Select(script => Convert.ToHexString(script.Hash))), _ => RunInMemory(scripts));
    }

    private static Schema RunInMemory(IEnumerable<Migration> migrations)
    {
        using SqliteConnection connection = new("Data Source=:memory:;Pooling=False");
        connection.Open();
        connection.Execute(SqliteMigrator.CreateHistory);
        foreach (Migration migration in migrations)
            connection.Execute(migration.Sql);

        return Read(connection);
    }

    /// <summary>
    /// The statement without its comments, and with one blank where white space was, so that it does not matter how a release of SQLite
    /// edits the text of a table whose columns change. What is quoted stays as it is.
    /// </summary>
    internal static string Tokens(string sql)
    {
        StringBuilder tokens = new(sql.Length);
        for (int i = 0; i < sql.Length;)
        {
            int end = EndOfPiece(sql, i);
            if (IsBlank(sql, i))
            {
                if (tokens.Length > 0 && tokens[^1] != ' ')
                    tokens.Append(' ');
            }
            else
            {
                // Beside a bracket or comma a blank means nothing.
                if (tokens.Length > 1 && tokens[^1] == ' ' && (IsPunctuation(sql[i]) || IsPunctuation(tokens[^2])))
                    tokens.Length--;

                tokens.Append(sql, i, end - i);
            }

            i = end;
        }

        return tokens.ToString().TrimEnd();
    }

    private static bool IsPunctuation(char c) => c is '(' or ')' or ',';

    private static bool IsBlank(string sql, int i) => char.IsWhiteSpace(sql[i]) || IsComment(sql, i);

    private static bool IsComment(string sql, int i) => i + 1 < sql.Length && (sql[i], sql[i + 1]) is ('-', '-') or ('/', '*');

    // https://sqlite.org/lang_comment.html, https://sqlite.org/lang_keywords.html. A doubled quote is two pieces side by side.
    private static int EndOfPiece(string sql, int i) => sql[i] switch
    {
        '-' when IsComment(sql, i) => After(sql, "\n", i),
        '/' when IsComment(sql, i) => After(sql, "*/", i + 2),
        '\'' or '"' or '`' => After(sql, sql[i].ToString(), i + 1),
        '[' => After(sql, "]", i + 1),
        _ => i + 1,
    };

    private static int After(string sql, string mark, int from) =>
        from <= sql.Length && sql.IndexOf(mark, from, StringComparison.Ordinal) is var found and >= 0 ? found + mark.Length : sql.Length;
}
