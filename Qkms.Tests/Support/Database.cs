using System.Data.Common;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Npgsql;
using Qkms.Storage.Sqlite;

namespace Qkms.Tests.Support;

/// <summary>
/// The database behind the service's back, as somebody with write access to it has it: no check and no foreign key is in his way.
/// Bytes are written in SQLite's words, <c>x'00'</c> and <c>zeroblob(n)</c>, on both.
/// </summary>
internal sealed partial class Database : IDisposable
{
    private const string ChecksOff =
        "UPDATE pg_class SET relchecks = 0 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relchecks > 0";

    private const string ChecksOn =
        """
        UPDATE pg_class c
        SET relchecks = x.number
        FROM (SELECT conrelid, COUNT(*) AS number FROM pg_constraint WHERE contype = 'c' GROUP BY conrelid) AS x
        WHERE c.oid = x.conrelid AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relchecks <> x.number
        """;

    private readonly DbConnection _connection;

    // On PostgreSQL, where checks are in the way of what is written.
    private readonly bool _hasChecks;
    private DbTransaction? _transaction;

    // Before any connection: some settings of SQLite count for the process, and only before its first use.
    static Database() => _ = NativeSqlite.Description;

    private Database(DbConnection connection, bool hasChecks) => (_connection, _hasChecks) = (connection, hasChecks);

    public static Database OfSqlite(string path) => Open(Sqlite(path), "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF");

    /// <summary>Without a change to its checks and foreign keys: what is there is looked at.</summary>
    public static Database OfSqliteUntouched(string path) => Open(Sqlite(path), "SELECT 1");

    /// <summary>The same of PostgreSQL.</summary>
    public static Database OfPostgresUntouched(string connectionString) =>
        Open(new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString), "SELECT 1");

    // A superuser, as the owner of the server's files is: triggers, and with them foreign keys, are off in his session, and checks are off
    // in the transactions in which he writes. Nobody else ever sees that they are: the service would take it for a changed schema.
    public static Database OfPostgres(string connectionString)
    {
        NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = false,
            Options = "-c session_replication_role=replica"
        }.ConnectionString);
        return Open(
            connection,
            "CREATE FUNCTION pg_temp.zeroblob(size INTEGER) RETURNS BYTEA LANGUAGE SQL AS $$ SELECT decode(repeat('00', size), 'hex') $$",
            hasChecks: true);
    }

    /// <summary>The one value; every whole number is a long.</summary>
    public object? Scalar(string sql)
    {
        using DbCommand command = Command(sql);
        object? value = command.ExecuteScalar();
        return value is int number ? (long)number : value;
    }

    public IReadOnlyList<string> Strings(string sql)
    {
        using DbCommand command = Command(sql);
        using DbDataReader reader = command.ExecuteReader();
        List<string> values = [];
        while (reader.Read())
            values.Add(reader.GetString(0));

        return values;
    }

    public IReadOnlyList<byte[]> Bytes(string sql)
    {
        using DbCommand command = Command(sql);
        using DbDataReader reader = command.ExecuteReader();
        List<byte[]> values = [];
        while (reader.Read())
            values.Add((byte[])reader.GetValue(0));

        return values;
    }

    /// <summary>Every row, each as its values in the order of the columns; null where there is none.</summary>
    public IReadOnlyList<object?[]> Rows(string sql)
    {
        using DbCommand command = Command(sql);
        using DbDataReader reader = command.ExecuteReader();
        List<object?[]> rows = [];
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);

        return rows;
    }

    public int Execute(string sql, params (string Name, object? Value)[] parameters)
    {
        if (!_hasChecks || _transaction is not null || !WritesRows().IsMatch(sql))
            return Run(sql, parameters);

        int rows = 0;
        AsOne(() => rows = Run(sql, parameters));
        return rows;
    }

    /// <summary>Writes in one transaction: others see all of it or nothing.</summary>
    public void AsOne(Action write)
    {
        using DbTransaction transaction = _connection.BeginTransaction();
        _transaction = transaction;
        try
        {
            if (_hasChecks)
                Run(ChecksOff);

            write();
            if (_hasChecks)
                Run(ChecksOn);

            transaction.Commit();
        }
        finally
        {
            _transaction = null;
        }
    }

    private int Run(string sql, params (string Name, object? Value)[] parameters)
    {
        using DbCommand command = Command(sql);
        foreach ((string name, object? value) in parameters)
        {
            DbParameter parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }

        return command.ExecuteNonQuery();
    }

    /// <summary>The names of every table.</summary>
    public IReadOnlyList<string> TableNames() => Strings(_connection is SqliteConnection
        ? "SELECT name FROM sqlite_master WHERE type = 'table'"
        : "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'");

    /// <summary>The names of every column of a table.</summary>
    public IReadOnlyList<string> ColumnNames(string table) => Strings(_connection is SqliteConnection
        ? $"SELECT name FROM pragma_table_info('{table}')"
        : $"SELECT attname::text FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped");

    /// <summary>What the database itself finds wrong with it; PostgreSQL where it has its module for that, amcheck.</summary>
    public IReadOnlyList<string> Flaws() => _connection is SqliteConnection
        ? [.. Strings("PRAGMA integrity_check").Where(line => line != "ok"), .. Strings("SELECT \"table\" FROM pragma_foreign_key_check")]
        : PostgresFlaws();

    /// <summary>Every byte of every table, as PostgreSQL's binary copies have them.</summary>
    public byte[][] Tables()
    {
        NpgsqlConnection connection = (NpgsqlConnection)_connection;
        return [.. TableNames().Select(Copy)];

        byte[] Copy(string table)
        {
            using NpgsqlRawCopyStream copy = connection.BeginRawBinaryCopy($"COPY {table} TO STDOUT (FORMAT BINARY)");
            using MemoryStream bytes = new();
            copy.CopyTo(bytes);
            return bytes.ToArray();
        }
    }

    public void Dispose() => _connection.Dispose();

    // A damaged index makes bt_index_check fail; a damaged table is described in rows.
    private IReadOnlyList<string> PostgresFlaws()
    {
        if (Scalar("SELECT COUNT(*) FROM pg_available_extensions WHERE name = 'amcheck'") is 0L)
            return [];

        Execute("CREATE EXTENSION IF NOT EXISTS amcheck");
        Execute(
            "SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree' WHERE "
            + "c.relnamespace = 'public'::regnamespace AND c.relkind = 'i'");
        return Strings(
            "SELECT c.relname || ': ' || f.msg FROM pg_class c CROSS JOIN LATERAL verify_heapam(c.oid) f WHERE c.relnamespace = "
            + "'public'::regnamespace AND c.relkind = 'r'");
    }

    private static SqliteConnection Sqlite(string path) =>
        new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 30 }.ToString());

    private static Database Open(DbConnection connection, string preparation, bool hasChecks = false)
    {
        connection.Open();
        Database database = new(connection, hasChecks);
        database.Execute(preparation);
        return database;
    }

    private DbCommand Command(string sql)
    {
        DbCommand command = _connection.CreateCommand();
        command.Transaction = _transaction;
        command.CommandText = _connection is SqliteConnection
            ? sql
            : BytesLiteral().Replace(sql, @"'\x$1'::bytea").Replace(" zeroblob(", " pg_temp.zeroblob(", StringComparison.Ordinal);
        return command;
    }

    [GeneratedRegex(@"\bx'([0-9A-Fa-f]*)'")]
    private static partial Regex BytesLiteral();

    [GeneratedRegex(@"^\s*(?:INSERT|UPDATE|DELETE)\b", RegexOptions.IgnoreCase)]
    private static partial Regex WritesRows();
}
