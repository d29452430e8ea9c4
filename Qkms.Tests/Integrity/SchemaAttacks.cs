using System.Text.RegularExpressions;

namespace Qkms.Tests.Integrity;

/// <summary>What somebody who may change the schema does to a table.</summary>
internal enum SchemaAttackKind
{
    /// <summary>A trigger before or after each insert, update or delete.</summary>
    Trigger,

    /// <summary>A rule that makes nothing of each insert, update or delete: PostgreSQL.</summary>
    Rule,

    /// <summary>The table has another name, and a view of it has its name.</summary>
    View,

    /// <summary>An index is gone; one that a constraint owns, with the constraint.</summary>
    IndexDropped,

    /// <summary>A unique index admits two of the same.</summary>
    NoLongerUnique,

    /// <summary>A CHECK admits everything.</summary>
    CheckWeakened,
}

/// <summary>One attack on the schema.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Table">To which table.</param>
/// <param name="Do">The statements that do it.</param>
/// <param name="Undo">Those that put back what was there; empty where the whole file is put back.</param>
/// <param name="Difference">How the service has to name it; null for one that changes so much that it must stand alone.</param>
internal sealed record SchemaAttack(SchemaAttackKind Kind, string Table, string Do, string Undo, string? Difference);

/// <summary>Every attack on the schema of a database, made from what its catalogue says.</summary>
internal static partial class SchemaAttacks
{
    private const string LetSchemaBeWritten = "PRAGMA writable_schema = ON;";

    private static readonly string[] _changes = ["INSERT", "UPDATE", "DELETE"];

    private static readonly string[] _whens = ["BEFORE", "AFTER"];

    // Without it the start takes the database for somebody else's, and says that.
    private const string History = "schema_migrations";

    /// <summary>What is done to SQLite's <c>sqlite_master</c>, by statements or by hand.</summary>
    public static IEnumerable<SchemaAttack> OnSqlite(Database database)
    {
        foreach (string table in database.TableNames())
        {
            foreach (string name in _whens.SelectMany(when => _changes.Select(change => $"{when} {change}")))
            {
                string trigger = $"planted_{name.Replace(' ', '_')}_{table}";
                yield return New(
                    SchemaAttackKind.Trigger,
                    $"CREATE TRIGGER {trigger} {name} ON {table} BEGIN SELECT 1; END",
                    $"trigger {trigger} is too many");
            }

            yield return New(
                SchemaAttackKind.View,
                $"PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; ALTER TABLE {table} RENAME TO kept_{table}; "
                + $"CREATE VIEW {table} AS SELECT * FROM kept_{table}",
                table == History ? null : $"view {table} is too many");

            string text = (string)database.Scalar($"SELECT sql FROM sqlite_master WHERE type = 'table' AND name = '{table}'")!;
            foreach (object?[] index in database.Rows(
                $"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = '{table}'"))
            {
                string name = (string)index[0]!;
                if (index[1] is not string definition)
                {
                    yield return New(
                        SchemaAttackKind.IndexDropped,
                        WithoutConstraint(database, table, text, name),
                        $"table {table} is different");
                    continue;
                }

                yield return New(SchemaAttackKind.IndexDropped, $"DROP INDEX {name}", $"index {name} is missing");
                if (definition.StartsWith("CREATE UNIQUE ", StringComparison.Ordinal))
                {
                    yield return New(
                        SchemaAttackKind.NoLongerUnique,
                        $"DROP INDEX {name}; {definition.Replace(" UNIQUE ", " ", StringComparison.Ordinal)}",
                        $"index {name} is different");
                }
            }

            foreach (Match check in SqliteCheck().Matches(text))
            {
                yield return New(
                    SchemaAttackKind.CheckWeakened,
                    Rewrite(table, text.Insert(check.Index + check.Length, "1 OR ")),
                    $"table {table} is different");
            }

            SchemaAttack New(SchemaAttackKind kind, string sql, string? difference) => new(kind, table, sql, "", difference);
        }
    }

    /// <summary>What a superuser of PostgreSQL does.</summary>
    public static IEnumerable<SchemaAttack> OnPostgres(Database database)
    {
        // The function is where the service does not look; the trigger that calls it is not.
        database.Execute(
            """
            CREATE SCHEMA planted;
            CREATE FUNCTION planted.undo() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$
            """);
        foreach (string table in database.TableNames())
        {
            foreach (string change in _changes)
            {
                foreach (string when in _whens)
                {
                    string trigger = $"planted_{when}_{change}".ToLowerInvariant();
                    yield return new SchemaAttack(
                        SchemaAttackKind.Trigger,
                        table,
                        $"CREATE TRIGGER {trigger} {when} {change} ON {table} FOR EACH ROW EXECUTE FUNCTION planted.undo()",
                        $"DROP TRIGGER {trigger} ON {table}",
                        $"trigger {table}.{trigger} is too many");
                }

                yield return new SchemaAttack(
                    SchemaAttackKind.Rule,
                    table,
                    $"CREATE RULE planted AS ON {change} TO {table} DO INSTEAD NOTHING",
                    $"DROP RULE planted ON {table}",
                    $"rule {table}.planted is too many");
            }

            yield return new SchemaAttack(
                SchemaAttackKind.View,
                table,
                $"ALTER TABLE {table} RENAME TO kept_{table}; CREATE VIEW {table} AS SELECT * FROM kept_{table}",
                $"DROP VIEW {table}; ALTER TABLE kept_{table} RENAME TO {table}",
                table == History ? null : $"view {table} is too many");
            foreach (SchemaAttack attack in OnPostgresIndexes(database, table).Concat(OnPostgresChecks(database, table)))
                yield return attack;
        }
    }

    private static IEnumerable<SchemaAttack> OnPostgresIndexes(Database database, string table)
    {
        foreach (object?[] index in database.Rows(
            $"""
            SELECT i.relname::text, pg_get_indexdef(i.oid), x.indisunique, c.conname::text, pg_get_constraintdef(c.oid)
            FROM pg_index x
            JOIN pg_class i ON i.oid = x.indexrelid
            LEFT JOIN pg_constraint c ON c.conindid = i.oid AND c.contype IN ('p', 'u')
            WHERE x.indrelid = '{table}'::regclass
            """))
        {
            string name = (string)index[0]!;
            if (index[3] is string constraint)
            {
                string[] others = [.. database.Strings(
                    $"""
                    SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
                    FROM pg_constraint
                    WHERE contype = 'f' AND conindid = '{name}'::regclass
                    """)];
                yield return new SchemaAttack(
                    SchemaAttackKind.IndexDropped,
                    table,
                    $"ALTER TABLE {table} DROP CONSTRAINT {constraint} CASCADE",
                    string.Join(";\n", (string[])[$"ALTER TABLE {table} ADD CONSTRAINT {constraint} {index[4]}", .. others]),
                    null);
            }
            else
            {
                yield return new SchemaAttack(
                    SchemaAttackKind.IndexDropped, table, $"DROP INDEX {name}", (string)index[1]!, $"index {table}.{name} is missing");
            }

            if (index[2] is true)
            {
                string update = $"WHERE indexrelid = '{name}'::regclass";
                yield return new SchemaAttack(
                    SchemaAttackKind.NoLongerUnique,
                    table,
                    $"UPDATE pg_index SET indisunique = false {update}",
                    $"UPDATE pg_index SET indisunique = true {update}",
                    $"index {table}.{name} is different");
            }
        }
    }

    private static IEnumerable<SchemaAttack> OnPostgresChecks(Database database, string table)
    {
        foreach (object?[] check in database.Rows(
            $"""
            SELECT conname::text, pg_get_constraintdef(oid), pg_get_expr(conbin, conrelid)
            FROM pg_constraint
            WHERE conrelid = '{table}'::regclass AND contype = 'c'
            """))
        {
            string drop = $"ALTER TABLE {table} DROP CONSTRAINT {check[0]}; ALTER TABLE {table} ADD CONSTRAINT {check[0]}";
            yield return new SchemaAttack(
                SchemaAttackKind.CheckWeakened,
                table,
                $"{drop} CHECK (true OR {check[2]})",
                $"{drop} {check[1]}",
                $"constraint {table}.{check[0]} is different");
        }
    }

    // Its index goes with it, and the later ones of the table get the numbers that SQLite gives them then.
    private static string WithoutConstraint(Database database, string table, string text, string index)
    {
        string origin = (string)database.Scalar($"SELECT origin FROM pragma_index_list('{table}') WHERE name = '{index}'")! == "pk"
            ? "PRIMARY KEY"
            : "UNIQUE";
        IReadOnlyList<string> columns = database.Strings($"SELECT name FROM pragma_index_info('{index}')");
        string ofTable = $",\n  {origin} ({string.Join(", ", columns)})";
        string less = text.Contains(ofTable, StringComparison.Ordinal)
            ? text.Replace(ofTable, "", StringComparison.Ordinal)
            : Regex.Replace(text, $@"(\n  {columns[0]} [^\n]*?) {origin}\b", "$1");
        less.Should().NotBe(text, "the constraint behind {0} is in the text of {1}", index, table);
        string prefix = $"sqlite_autoindex_{table}_";
        int number = int.Parse(index[prefix.Length..], System.Globalization.CultureInfo.InvariantCulture);
        return $"""
            {Rewrite(table, less)};
            DELETE FROM sqlite_master WHERE name = '{index}';
            UPDATE sqlite_master SET name = '{prefix}' || (substr(name, {prefix.Length + 1}) - 1)
            WHERE tbl_name = '{table}' AND type = 'index' AND sql IS NULL AND CAST(substr(name, {prefix.Length + 1}) AS INTEGER) > {number}
            """;
    }

    private static string Rewrite(string table, string text) =>
        $"{LetSchemaBeWritten} UPDATE sqlite_master SET sql = '{text.Replace("'", "''", StringComparison.Ordinal)}' "
        + $"WHERE type = 'table' AND name = '{table}'";

    [GeneratedRegex(@"\bCHECK \(")]
    private static partial Regex SqliteCheck();
}
