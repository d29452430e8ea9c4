namespace Qkms.Storage.Postgres;

/// <summary>
/// Where the shared database is. A class and not a record: nothing prints its connection string, which may hold a password.
/// </summary>
internal sealed class PostgresStorageOptions
{
    /// <summary>Npgsql's connection string (https://www.npgsql.org/doc/connection-string-parameters.html).</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Where the node remembers how new a database it has worked on; null to forget it when the process ends.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>How often every host is looked at, whether the primary is another one by now.</summary>
    internal TimeSpan WatchPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one try to connect may take, and how long a unit waits for a connection of the pool.</summary>
    internal TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a statement waits for a row that somebody holds.</summary>
    internal TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a statement may take; longer than <see cref="LockTimeout"/>, so that a row that is held is not taken
    /// for a database that is gone.
    /// </summary>
    internal TimeSpan StatementTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long a read, or a write up to its commit, may take with all its tries; then the caller is told to come back. Longer than
    /// two waits for a row, for the same reason.
    /// </summary>
    internal TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the store keeps asking whether a write was committed whose answer was lost. When the network swallows a question,
    /// that takes <see cref="StatementTimeout"/> to notice: this is enough for three in a row.
    /// </summary>
    internal TimeSpan OutcomeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the start waits for a database that does not answer yet.</summary>
    internal TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(15);
}
