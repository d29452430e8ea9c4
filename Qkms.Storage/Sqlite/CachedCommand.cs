using System.Collections.Concurrent;
using System.Data;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// A command for one use that borrows, by its text, a prepared one of its connection and gives it back when it is disposed.
/// </summary>
internal sealed class CachedCommand(CachingConnection connection) : SqliteCommand
{
    private static readonly ConcurrentDictionary<string, string> _marked = new(StringComparer.Ordinal);

    private SqliteCommand? _prepared;
    private bool _failed;

    /// <inheritdoc/>
    [AllowNull]
    public override string CommandText
    {
        get => _prepared?.CommandText ?? "";
        set
        {
            GiveBack();
            _prepared = connection.Take(value ?? "");
        }
    }

    /// <inheritdoc/>
    public override SqliteParameterCollection Parameters => Prepared.Parameters;

    private SqliteCommand Prepared => _prepared ?? throw new InvalidOperationException("The command has no text.");

    /// <inheritdoc/>
    public override int ExecuteNonQuery() => Run(static (command, _) => command.ExecuteNonQuery(), CommandBehavior.Default);

    /// <inheritdoc/>
    public override object? ExecuteScalar() => Run(static (command, _) => command.ExecuteScalar(), CommandBehavior.Default);

    /// <inheritdoc/>
    public override SqliteDataReader ExecuteReader(CommandBehavior behavior) =>
        Run(static (command, how) => command.ExecuteReader(how), behavior);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            GiveBack();

        base.Dispose(disposing);
    }

    private T Run<T>(Func<SqliteCommand, CommandBehavior, T> execute, CommandBehavior behavior)
    {
        SqliteCommand prepared = Prepared;
        NameAsInSql(prepared.Parameters);
        (prepared.Transaction, prepared.CommandTimeout) = (Transaction, CommandTimeout);
        try
        {
            return execute(prepared, behavior);
        }
        catch
        {
            // Where the statement stopped is not known: the next one is prepared anew.
            _failed = true;
            throw;
        }
    }

    // The provider looks a name up as it is and then with each of three marks before it, one after the other through all names of the
    // statement. That took longer than everything else about a wide INSERT; with its mark a name is found at once.
    private static void NameAsInSql(SqliteParameterCollection parameters)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            string name = parameters[i].ParameterName;
            if (!name.StartsWith('@'))
                parameters[i].ParameterName = _marked.GetOrAdd(name, static name => $"@{name}");
        }
    }

    private void GiveBack()
    {
        if (_prepared is { } prepared)
        {
            _prepared = null;
            if (_failed)
            {
                prepared.Dispose();
            }
            else
            {
                connection.Return(prepared);
            }
        }
    }
}
