using Npgsql;

namespace Qkms.Storage.Postgres;

/// <summary>
/// Hears what the server says beside "done" when it commits. When the wait for a synchronous standby is cut off, by us or by
/// somebody else, the server calls the commit done and only warns: what was to be on two machines may be on one.
/// </summary>
internal sealed class CommitWarnings
{
    private volatile string? _warning;

    /// <summary>Listens to a connection for as long as it is open.</summary>
    public CommitWarnings(NpgsqlConnection connection) => connection.Notice += (_, said) =>
    {
        if (said.Notice.InvariantSeverity == "WARNING")
            _warning = said.Notice.MessageText;
    };

    /// <summary>To be called after the commit.</summary>
    /// <exception cref="NpgsqlException">There was a warning: what the commit was to promise is not certain.</exception>
    public void Refuse()
    {
        if (_warning is { } warning)
            throw new NpgsqlException($"The server committed with a warning: {warning}");
    }
}
