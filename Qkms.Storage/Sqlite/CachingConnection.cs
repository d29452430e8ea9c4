using Microsoft.Data.Sqlite;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// A connection that keeps its statements prepared. Preparing one of our wide INSERTs costs several times what running it
/// does, and the repositories' SQL is a small fixed set.
/// </summary>
internal sealed class CachingConnection(string connectionString) : SqliteConnection(connectionString)
{
    // More than there are texts in the repositories, lists with each combination of filters included.
    private const int MaxIdle = 128;

    private readonly Dictionary<string, SqliteCommand> _idle = new(StringComparer.Ordinal);

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

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (SqliteCommand command in _idle.Values)
                command.Dispose();

            _idle.Clear();
        }

        base.Dispose(disposing);
    }
}
