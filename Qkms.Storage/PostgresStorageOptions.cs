namespace Qkms.Storage;

/// <summary>Where the shared database is. A class and not a record: nothing prints its connection string, which may hold a password.</summary>
public sealed class PostgresStorageOptions
{
    /// <summary>Npgsql's connection string (https://www.npgsql.org/doc/connection-string-parameters.html).</summary>
    public required string ConnectionString { get; init; }

    /// <summary>How long one try to connect may take, and how long a statement may.</summary>
    internal TimeSpan StepTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a read, or a write up to its commit, may take with all its tries; then the caller is told to come back.</summary>
    internal TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long is asked whether a write was committed whose answer was lost.</summary>
    internal TimeSpan OutcomeTimeout { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How long the start waits for a database that does not answer yet.</summary>
    internal TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(15);
}
