using Microsoft.Data.Sqlite;
using Qkms.Storage.Sessions;
using SQLitePCL;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// A connection that keeps its statements prepared. Preparing one of our wide INSERTs costs several times what running it
/// does, and the repositories' SQL is a small fixed set.
/// </summary>
internal sealed class CachingConnection(string connectionString) : SqliteConnection(connectionString), IRunsRows, IMarksChanges
{
    // More than there are texts in the repositories, lists with each combination of filters included.
    private const int MaxIdle = 128;

    private readonly Dictionary<string, SqliteCommand> _idle = new(StringComparer.Ordinal);
    private readonly Dictionary<string, sqlite3_stmt> _statements = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override SqliteCommand CreateCommand() =>
        new CachedCommand(this) { Connection = this, CommandTimeout = DefaultTimeout, Transaction = Transaction };

    /// <summary>A command with this text, prepared before if it ran before. Nobody else has it until it is returned.</summary>
    public SqliteCommand Take(string sql) =>
        _idle.Remove(sql, out SqliteCommand? command) ? command : new SqliteCommand(sql, this);

    /// <summary>Keeps a command for the next use of its text.</summary>
    public void Return(SqliteCommand command)
    {
        command.Parameters.Clear();
        command.Transaction = null;
        if (_idle.Count >= MaxIdle || !_idle.TryAdd(command.CommandText, command))
            command.Dispose();
    }

    /// <summary>
    /// By number: the provider looks up each parameter of each row by its name, one after the other through all names of the statement.
    /// </summary>
    /// <exception cref="SqliteException">The database refuses.</exception>
    public int RunEach(string sql, IEnumerable<object?[]> rows)
    {
        sqlite3_stmt statement = Prepared(sql);
        int touched = 0;
        try
        {
            foreach (object?[] row in rows)
            {
                for (int i = 0; i < row.Length; i++)
                    Check(Bind(statement, i + 1, row[i]));

                int result = raw.sqlite3_step(statement);
                if (result != raw.SQLITE_DONE)
                    Check(result);

                touched += raw.sqlite3_changes(Handle!);
                Check(raw.sqlite3_reset(statement));
            }
        }
        finally
        {
            // What went wrong is said already, and comes here a second time.
            _ = raw.sqlite3_reset(statement);
            _ = raw.sqlite3_clear_bindings(statement);
        }

        return touched;
    }

    /// <inheritdoc/>
    /// <exception cref="SqliteException">The database refuses.</exception>
    public bool Finds(string sql, IEnumerable<object?> values)
    {
        sqlite3_stmt statement = Prepared(sql);
        try
        {
            int number = 0;
            foreach (object? value in values)
                Check(Bind(statement, ++number, value));

            int result = raw.sqlite3_step(statement);
            if (result is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
                Check(result);

            return result == raw.SQLITE_ROW;
        }
        finally
        {
            _ = raw.sqlite3_reset(statement);
            _ = raw.sqlite3_clear_bindings(statement);
        }
    }

    /// <summary>Runs a statement without parameters and rows.</summary>
    /// <exception cref="SqliteException">The database refuses.</exception>
    public void RunPrepared(string sql)
    {
        sqlite3_stmt statement = Prepared(sql);
        int result = raw.sqlite3_step(statement);
        _ = raw.sqlite3_reset(statement);
        if (result != raw.SQLITE_DONE)
            Check(result);
    }

    /// <summary>The pragma tells of others, and the count of rows that were changed of this connection.</summary>
    public StoreMark Mark()
    {
        sqlite3_stmt statement = Prepared("PRAGMA data_version");
        int result = raw.sqlite3_step(statement);
        if (result != raw.SQLITE_ROW)
            Check(result);

        long version = raw.sqlite3_column_int64(statement, 0);
        Check(raw.sqlite3_reset(statement));
        return new StoreMark(this, version, raw.sqlite3_total_changes(Handle!));
    }

    private sqlite3_stmt Prepared(string sql)
    {
        if (!_statements.TryGetValue(sql, out sqlite3_stmt? statement))
        {
            Check(raw.sqlite3_prepare_v2(Handle!, sql, out statement));
            _statements.Add(sql, statement);
        }

        return statement;
    }

    private static int Bind(sqlite3_stmt statement, int number, object? value) => value switch
    {
        null => raw.sqlite3_bind_null(statement, number),
        byte[] { Length: 0 } => raw.sqlite3_bind_zeroblob(statement, number, 0),
        byte[] bytes => raw.sqlite3_bind_blob(statement, number, bytes),
        string text => raw.sqlite3_bind_text(statement, number, text),
        long whole => raw.sqlite3_bind_int64(statement, number, whole),
        int whole => raw.sqlite3_bind_int64(statement, number, whole),
        _ => throw new ArgumentException($"A {value.GetType()} is none of the values that are stored."),
    };

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, Handle);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (sqlite3_stmt statement in _statements.Values)
                statement.Dispose();

            _statements.Clear();
            foreach (SqliteCommand command in _idle.Values)
                command.Dispose();

            _idle.Clear();
        }

        base.Dispose(disposing);
    }
}
