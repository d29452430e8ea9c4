using System.Globalization;
using System.Text;
using Dapper;
using Npgsql;

namespace Qkms.Storage.Migrations;

/// <summary>
/// The schema of a PostgreSQL database, as its catalogue describes it. What is expected stands in <c>Postgres/schema.txt</c>, which a test
/// writes by running the migrations: each object with the numbers of the first and the last migration after which it is so.
/// </summary>
internal static class PostgresSchema
{
    private const string Resource = "Postgres.schema.txt";

    private static readonly Lazy<(int Migrations, Line[] Lines)> _file = new(ReadFile);

    // What belongs to an extension is its administrator's. NOT NULL is a constraint of its own from PostgreSQL 18 on; here it belongs to
    // its column. An internal trigger is half a foreign key, and can be switched off.
    private const string SelectObjects =
        """
        WITH
          home AS (SELECT current_schema()::regnamespace::oid AS oid),
          extension_members AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
          relations AS (
            SELECT c.*
            FROM pg_class c
            WHERE c.relnamespace = (SELECT oid FROM home)
              AND NOT EXISTS (SELECT FROM extension_members m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)),
          tables AS (SELECT * FROM relations WHERE relkind IN ('r', 'p'))
        SELECT
          CASE relkind
            WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
            WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' ELSE relkind::text
          END || ' ' || relname AS name,
          concat_ws(', ', 'persistence ' || relpersistence::text, relchecks::text || ' checks',
            CASE WHEN relrowsecurity OR relforcerowsecurity THEN 'row security' END,
            (SELECT 'children ' || string_agg(inhrelid::regclass::text, ' ' ORDER BY inhrelid) FROM pg_inherits WHERE inhparent = r.oid),
            (SELECT 'parents ' || string_agg(inhparent::regclass::text, ' ' ORDER BY inhparent) FROM pg_inherits WHERE inhrelid = r.oid)
          ) AS definition
        FROM relations r
        WHERE relkind NOT IN ('i', 'I', 't')
        UNION ALL
        SELECT
          'column ' || t.relname || '.' || a.attname,
          concat_ws(', ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END,
            CASE WHEN a.attgenerated <> '' THEN 'generated' WHEN a.atthasdef THEN 'default' END || ' ' || pg_get_expr(d.adbin, d.adrelid),
            CASE WHEN a.attidentity <> '' THEN 'identity' END,
            CASE WHEN a.attcollation <> y.typcollation THEN 'collation ' || a.attcollation::regcollation::text END)
        FROM tables t
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type y ON y.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
        UNION ALL
        SELECT 'constraint ' || t.relname || '.' || c.conname, pg_get_constraintdef(c.oid)
        FROM tables t
        JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype NOT IN ('n', 't')
        UNION ALL
        SELECT
          'index ' || t.relname || '.' || i.relname,
          concat_ws(', ', replace(pg_get_indexdef(i.oid), ' ON ' || quote_ident(current_schema()) || '.', ' ON '),
            CASE WHEN NOT (x.indisvalid AND x.indisready AND x.indislive) THEN 'not valid' END)
        FROM tables t
        JOIN pg_index x ON x.indrelid = t.oid
        JOIN pg_class i ON i.oid = x.indexrelid
        UNION ALL
        SELECT 'trigger ' || t.relname || '.' || g.tgname, pg_get_triggerdef(g.oid)
        FROM tables t
        JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
        UNION ALL
        SELECT
          'foreign key triggers ' || t.relname || '.' || c.conname,
          string_agg(g.tgfoid::regproc::text || ' ' || g.tgenabled::text, ', ' ORDER BY g.tgfoid)
        FROM tables t
        JOIN pg_trigger g ON g.tgrelid = t.oid AND g.tgisinternal
        LEFT JOIN pg_constraint c ON c.oid = g.tgconstraint
        GROUP BY t.relname, c.conname
        UNION ALL
        SELECT 'rule ' || t.relname || '.' || r.rulename, pg_get_ruledef(r.oid)
        FROM tables t
        JOIN pg_rewrite r ON r.ev_class = t.oid
        UNION ALL
        SELECT 'policy ' || t.relname || '.' || p.polname, p.polcmd::text
        FROM tables t
        JOIN pg_policy p ON p.polrelid = t.oid
        UNION ALL
        SELECT 'function ' || p.oid::regprocedure::text, p.prokind::text
        FROM pg_proc p
        WHERE p.pronamespace = (SELECT oid FROM home)
          AND NOT EXISTS (SELECT FROM extension_members m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
        UNION ALL
        SELECT 'operator ' || o.oid::regoperator::text, ''
        FROM pg_operator o
        WHERE o.oprnamespace = (SELECT oid FROM home)
          AND NOT EXISTS (SELECT FROM extension_members m WHERE m.classid = 'pg_operator'::regclass AND m.objid = o.oid)
        UNION ALL
        SELECT 'type ' || y.typname, y.typtype::text
        FROM pg_type y
        WHERE y.typnamespace = (SELECT oid FROM home) AND y.typtype IN ('b', 'd', 'e', 'm', 'r') AND y.typcategory <> 'A'
          AND NOT EXISTS (SELECT FROM extension_members m WHERE m.classid = 'pg_type'::regclass AND m.objid = y.oid)
        UNION ALL
        SELECT 'event trigger ' || evtname, evtevent
        FROM pg_event_trigger
        WHERE evtevent = 'login'
        """;

    /// <summary>What was applied, and the schema as it is.</summary>
    public static async Task<(IReadOnlyList<AppliedMigration> Applied, Schema Found)> ReadAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using SqlMapper.GridReader answers = await connection.QueryMultipleAsync(
            new CommandDefinition($"{MigrationHistory.SelectApplied};\n{SelectObjects}", cancellationToken: cancellationToken));
        IReadOnlyList<AppliedMigration> applied = [.. await answers.ReadAsync<AppliedMigration>()];
        return (applied, Schema.Of(await answers.ReadAsync<SchemaObject>()));
    }

    /// <summary>The schema after the first scripts of this release; null for more scripts than it has.</summary>
    public static Schema? After(int migrations) => migrations > _file.Value.Migrations
        ? null
        : Schema.Of(_file.Value.Lines.Where(line => line.First <= migrations && !(line.Last < migrations)).Select(line => line.Object));

    /// <summary>The text of the file.</summary>
    /// <param name="schemas">The schema after each script in its order.</param>
    internal static string Write(IReadOnlyList<Schema> schemas)
    {
        StringBuilder text = new($"{schemas.Count}\n");
        foreach ((string name, string definition) in schemas
            .SelectMany(schema => schema.Objects)
            .Distinct()
            .OrderBy(found => found.Key, StringComparer.Ordinal))
        {
            int[] present =
            [
                .. Enumerable.Range(1, schemas.Count)
                    .Where(number => schemas[number - 1].Objects.TryGetValue(name, out string? other) && other == definition),
            ];
            string last = present[^1] == schemas.Count ? "" : present[^1].ToString(CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"{present[0]}-{last} {name} = {definition}\n");
        }

        return text.ToString();
    }

    // First the number of migrations, because the last one may have changed nothing of the schema.
    private static (int Migrations, Line[] Lines) ReadFile()
    {
        Type here = typeof(PostgresSchema);
        using StreamReader reader = new(here.Assembly.GetManifestResourceStream($"{here.Namespace}.{Resource}")!, Encoding.UTF8);
        string[] lines = reader.ReadToEnd().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return (int.Parse(lines[0], CultureInfo.InvariantCulture), [.. lines.Skip(1).Select(Line.Parse)]);
    }

    /// <summary>A line of the file: <c>1-2 column idempotency.status = integer</c>.</summary>
    private sealed record Line(int First, int? Last, SchemaObject Object)
    {
        public static Line Parse(string line)
        {
            string[] parts = line.Split(' ', 2);
            string[] numbers = parts[0].Split('-');
            string[] found = parts[1].Split(" = ", 2);
            return new Line(
                int.Parse(numbers[0], CultureInfo.InvariantCulture),
                numbers[1].Length == 0 ? null : int.Parse(numbers[1], CultureInfo.InvariantCulture),
                new SchemaObject { Name = found[0], Definition = found[1] });
        }
    }
}
