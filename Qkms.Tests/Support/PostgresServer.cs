using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Qkms.Storage.Postgres;

namespace Qkms.Tests.Support;

/// <summary>The PostgreSQL server that tests may make databases on: <c>QKMS_TEST_POSTGRES</c>, a connection string.</summary>
internal static class PostgresServer
{
    public const string Variable = "QKMS_TEST_POSTGRES";

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private static readonly Lazy<PostgresDatabase> _template = new(MakeTemplate);

    private static int _made;

    /// <summary>The reason for which tests on PostgreSQL are skipped, or null where there is a server.</summary>
    public static string? MissingReason { get; } =
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable))
            ? $"No PostgreSQL server: set {Variable} to the connection string of one where databases may be made."
            : null;

    /// <summary>A database with nothing in it.</summary>
    public static PostgresDatabase CreateEmpty() => Create("template0");

    /// <summary>A database with the schema in it and nothing else: a copy, which is made faster than the schema.</summary>
    public static PostgresDatabase CreateMigrated() => Create(_template.Value.Name);

    /// <summary>Runs SQL beside the databases of tests.</summary>
    public static void Execute(string sql)
    {
        // Before it copies, renames or drops a database the server waits until those who were connected to it are gone, but not for long.
        Stopwatch waited = Stopwatch.StartNew();
        while (!TryExecute(sql, mayBeInUse: waited.Elapsed < _patience))
            Thread.Sleep(100);
    }

    private static bool TryExecute(string sql, bool mayBeInUse)
    {
        using NpgsqlConnection connection = new(ConnectionStringOf("postgres", pooling: false));
        connection.Open();
        using NpgsqlCommand command = new(sql, connection) { CommandTimeout = 60 };
        try
        {
            command.ExecuteNonQuery();
            return true;
        }
        catch (PostgresException e) when (mayBeInUse && e.SqlState == PostgresErrorCodes.ObjectInUse)
        {
            return false;
        }
    }

    private static PostgresDatabase Create(string template)
    {
        string name = $"qkms_test_{Environment.ProcessId}_{Interlocked.Increment(ref _made)}";
        Execute($"CREATE DATABASE {name} TEMPLATE {template}");
        return new PostgresDatabase(name, ConnectionStringOf(name, pooling: true));
    }

    private static PostgresDatabase MakeTemplate()
    {
        PostgresDatabase made = CreateEmpty();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => made.Dispose();
        using PostgresKmsStore store = new(
            PostgresPatience.Long.For(made.ConnectionString),
            TimeProvider.System,
            NullLogger<PostgresKmsStore>.Instance);
        store.OpenAsync(CancellationToken.None).GetAwaiter().GetResult();
        return made;
    }

    private static string ConnectionStringOf(string database, bool pooling) =>
        new NpgsqlConnectionStringBuilder(Environment.GetEnvironmentVariable(Variable))
        {
            Database = database,
            Pooling = pooling,
            MaxPoolSize = 10
        }.ConnectionString;
}
