using System.Data.Common;
using System.Text;
using Dapper;
using Qkms.Core.Sealing;

namespace Qkms.Storage.Sessions;

/// <summary>One unit of work on one connection; every statement of the repositories goes through it, and none after its end.</summary>
internal sealed class KmsSession : IKmsSession, IDisposable
{
    private readonly DbConnection _connection;
    private readonly CancellationToken _cancellationToken;
    private readonly int? _thread;
    private readonly bool _writes;
    private readonly int? _patience;
    private List<Action>? _committed;
    private List<WrittenRow>? _written;
    private bool _ended;

    static KmsSession()
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.ConnectionStringComparer = new SameSchema();
    }

    private KmsSession(
        DbConnection connection,
        SqlDialect dialect,
        bool writes,
        int? thread,
        CancellationToken cancellationToken,
        int? patience = null)
    {
        (_connection, Dialect, _writes, _thread) = (connection, dialect, writes, thread);
        (_cancellationToken, _patience) = (cancellationToken, patience);
    }

    /// <summary>The database's own words.</summary>
    public SqlDialect Dialect { get; }

    // On the writer's own thread, where the way there and back of a task only costs time, and every other write waits for that thread.
    private bool WaitsForNothing => _thread is not null;

    /// <summary>What to run after the commit, in the order in which it was asked for.</summary>
    public IReadOnlyList<Action> Committed => _committed ?? [];

    /// <summary>
    /// A session that writes, and only on the thread that made it: a delegate that went elsewhere must not touch its
    /// neighbours' transaction.
    /// </summary>
    /// <param name="connection">The connection; its transaction has begun.</param>
    /// <param name="dialect">The database's own words.</param>
    public static KmsSession ForWritingOnThisThread(DbConnection connection, SqlDialect dialect) =>
        new(connection, dialect, writes: true, Environment.CurrentManagedThreadId, CancellationToken.None);

    /// <summary>A session that writes in a transaction of its own, on whatever thread the database's answers arrive.</summary>
    /// <param name="connection">The connection; its transaction has begun.</param>
    /// <param name="dialect">The database's own words.</param>
    /// <param name="cancellationToken">Ends the unit before its commit.</param>
    public static KmsSession ForWriting(DbConnection connection, SqlDialect dialect, CancellationToken cancellationToken) =>
        new(connection, dialect, writes: true, thread: null, cancellationToken);

    /// <summary>The same, whose statements may take long.</summary>
    /// <param name="connection">The connection; its transaction has begun.</param>
    /// <param name="dialect">The database's own words.</param>
    /// <param name="patience">How long each statement may take, in seconds.</param>
    /// <param name="cancellationToken">Ends the unit before its commit.</param>
    public static KmsSession ForUpgrading(
        DbConnection connection, SqlDialect dialect, int patience, CancellationToken cancellationToken) =>
        new(connection, dialect, writes: true, thread: null, cancellationToken, patience);

    /// <summary>A session on a read-only connection.</summary>
    public static KmsSession ForReading(DbConnection connection, SqlDialect dialect, CancellationToken cancellationToken) =>
        new(connection, dialect, writes: false, thread: null, cancellationToken);

    /// <inheritdoc/>
    public void OnCommitted(Action action)
    {
        if (!_writes)
            throw new InvalidOperationException("A read commits nothing.");

        ThrowIfNotMine();
        (_committed ??= []).Add(action);
    }

    /// <inheritdoc/>
    public StoreMark? Mark
    {
        get
        {
            ThrowIfNotMine();
            return _writes ? (_connection as IMarksChanges)?.Mark() : null;
        }
    }

    /// <summary>Whether something was written that has to be read back.</summary>
    public bool HasWritten => _written is not null;

    /// <summary>Notes a row to be read back at the end of the unit. Of a row that is written twice the second time counts.</summary>
    public void MustStand(WrittenRow row)
    {
        ThrowIfNotMine();
        _written ??= [];
        _written.RemoveAll(earlier => earlier.What == row.What);
        _written.Add(row);
    }

    /// <summary>Looks whether every row stands as it was written. To be called after the last statement of the unit.</summary>
    /// <param name="before">Statements to be run first, in the same message.</param>
    /// <param name="parameter">A parameter of those.</param>
    /// <exception cref="SealBrokenException">A row is not what was written.</exception>
    /// <exception cref="Exception">What <see cref="WrittenRow.Otherwise"/> says of a row.</exception>
    public async Task ReadBackAsync(string before = "", (string Name, object Value)? parameter = null)
    {
        if (_written is not { } written)
            return;

        if (_connection is IRunsRows own && before.Length == 0)
        {
            ReadBack(own, written);
            return;
        }

        StringBuilder sql = new(before);
        DynamicParameters parameters = new();
        if (parameter is { } given)
            parameters.Add(given.Name, given.Value);

        for (int i = 0; i < written.Count; i++)
        {
            sql.Append(i == 0 ? "" : "\nUNION ALL\n");
            written[i].AppendTo(sql, i);
            written[i].AddTo(parameters, i);
        }

        if ((await ListAsync<long>(sql.ToString(), parameters)) is [long altered, ..])
            throw Altered(written[(int)altered]);
    }

    private static void ReadBack(IRunsRows connection, List<WrittenRow> written)
    {
        foreach (WrittenRow row in written)
        {
            if (connection.Finds(row.SelectAltered(), row.Columns.Select(column => column.Value)))
                throw Altered(row);
        }
    }

    private static Exception Altered(WrittenRow row) => row.Otherwise is { } refuse
        ? refuse()
        : new SealBrokenException($"{row.What}: the database did not store it as written (a trigger, a rule?)");

    /// <summary>Every row.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(string sql, object? parameters = null)
    {
        CommandDefinition command = Command(sql, parameters);
        return (WaitsForNothing ? _connection.Query<T>(command) : await _connection.QueryAsync<T>(command)).AsList();
    }

    /// <summary>The row, or null.</summary>
    public Task<T?> FindAsync<T>(string sql, object parameters)
        where T : class
    {
        CommandDefinition command = Command(sql, parameters);
        return WaitsForNothing
            ? Task.FromResult(_connection.QuerySingleOrDefault<T>(command))
            : _connection.QuerySingleOrDefaultAsync<T>(command);
    }

    /// <summary>Every row, each as two objects; the second begins at its column <c>id</c>, and is null where that is.</summary>
    public async Task<IReadOnlyList<(TFirst First, TSecond? Second)>> ListPairsAsync<TFirst, TSecond>(string sql, object parameters)
        where TSecond : class =>
        (await _connection.QueryAsync<TFirst, TSecond?, (TFirst, TSecond?)>(
            Command(sql, parameters), static (first, second) => (first, second), splitOn: "id")).AsList();

    /// <summary>The row as two objects, as above, or null.</summary>
    public async Task<(TFirst First, TSecond? Second)?> FindPairAsync<TFirst, TSecond>(string sql, object parameters)
        where TSecond : class =>
        await ListPairsAsync<TFirst, TSecond>(sql, parameters) is [var only] ? only : null;

    /// <summary>The one value of the one row.</summary>
    public async Task<T> ScalarAsync<T>(string sql, object? parameters = null)
        where T : struct =>
        await _connection.ExecuteScalarAsync<T>(Command(sql, parameters));

    /// <summary>Runs a change; the number of rows that it touched.</summary>
    public Task<int> ExecuteAsync(string sql, object? parameters = null)
    {
        CommandDefinition command = Command(sql, parameters);
        return WaitsForNothing ? Task.FromResult(_connection.Execute(command)) : _connection.ExecuteAsync(command);
    }

    /// <summary>Runs one change with the values of each row in turn; the number of rows that they touched.</summary>
    /// <param name="sql">The change.</param>
    /// <param name="names">Its parameters, each with its mark.</param>
    /// <param name="rows">Of each row the values of all of them, in that order.</param>
    public async Task<int> ExecuteEachAsync(string sql, IReadOnlyList<string> names, IEnumerable<object?[]> rows)
    {
        ThrowIfNotMine();
        if (_connection is IRunsRows own)
            return own.RunEach(sql, rows);

        using DbCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (string name in names)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }

        int touched = 0;
        foreach (object?[] row in rows)
        {
            for (int i = 0; i < row.Length; i++)
                command.Parameters[i].Value = row[i] ?? DBNull.Value;

            touched += WaitsForNothing ? command.ExecuteNonQuery() : await command.ExecuteNonQueryAsync(_cancellationToken);
        }

        return touched;
    }

    /// <summary>Ends the unit: a delegate that still runs somewhere finds the door closed.</summary>
    public void Dispose() => _ended = true;

    private CommandDefinition Command(string sql, object? parameters)
    {
        ThrowIfNotMine();
        return new CommandDefinition(sql, parameters, commandTimeout: _patience, cancellationToken: _cancellationToken);
    }

    private void ThrowIfNotMine()
    {
        if (_ended || (_thread is { } thread && thread != Environment.CurrentManagedThreadId))
            throw new InvalidOperationException("The unit of work has ended; its delegate may await nothing but the session.");
    }
}
