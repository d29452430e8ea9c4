using Microsoft.Data.Sqlite;
using Qkms.Storage.Sessions;
using SQLitePCL;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// A connection that keeps its statements prepared. Preparing one of our wide INSERTs costs several times what running it
/// does, and the repositories' SQL is a small fixed set.
/// </summary>
internal sealed class CachingConnection(string connectionString) : SqliteConnection(connectionString), IRunsRows
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
        if (!_statements.TryGetValue(sql, out sqlite3_stmt? statement))
        {
            Check(raw.sqlite3_prepare_v2(Handle!, sql, out statement));
            _statements.Add(sql, statement);
        }

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
