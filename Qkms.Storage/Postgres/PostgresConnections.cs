using System.Globalization;
using System.Net;
using Dapper;
using Npgsql;

namespace Qkms.Storage.Postgres;

/// <summary>
/// Opens connections to one server, each checked when it is opened. Reads and writes have pools of their own, so that writes
/// that wait for a row leave reads, and with them authentication, their connections. So has what strangers can cause.
/// </summary>
internal sealed class PostgresConnections : IDisposable, IAsyncDisposable
{
    /// <summary>The oldest major version that is served; it has been tested, and its predecessor is out of support soon.</summary>
    public const int OldestVersion = 15;

    /// <summary>SQL, as a column: whether the server may forget what it has committed.</summary>
    public const string Forgets = "current_setting('synchronous_commit') = 'off' AS forgets";

    /// <summary>How many connections strangers get: one for unknown API keys, one for readiness.</summary>
    public const int AsidePoolSize = 2;

    // Three nodes fit into the hundred connections that a server takes when nobody has told it otherwise.
    private const int UsualPoolSize = 14;

    // A node that lost its power leaves its transaction open, and with it the lock on a key's row, until TCP notices after hours.
    private const string OrphansEnd = "-c idle_in_transaction_session_timeout=10s";

    private readonly NpgsqlDataSource _readers;
    private readonly NpgsqlDataSource _aside;
    private readonly NpgsqlDataSource _writers;
    private readonly NpgsqlDataSource _single;
    private readonly NpgsqlDataSource _unchecked;
    private readonly EpochGuard? _guard;

    /// <summary>Connects to nothing yet.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="guard">Looks at the server behind every new connection; null to take any.</param>
    /// <exception cref="StoreUnusableException">The connection string cannot be used; the message repeats nothing of it.</exception>
    public PostgresConnections(PostgresStorageOptions options, EpochGuard? guard = null)
    {
        _guard = guard;
        NpgsqlConnectionStringBuilder settings = Parse(options);
        (Host, Database, IsExposed) = (
            HostOf(settings),
            settings.Database!,
            !IsOnThisMachine(settings) && settings.SslMode is not (SslMode.VerifyCA or SslMode.VerifyFull));
        PoolSize = settings.MaxPoolSize;
        string session = string.Create(
            CultureInfo.InvariantCulture, $"{OrphansEnd} -c lock_timeout={options.LockTimeout.TotalMilliseconds} {settings.Options}");
        _writers = Build("qkms-writers", settings, session, pooling: true);
        _readers = Build("qkms-readers", settings, ReadOnly(session), pooling: true);
        _aside = Build("qkms-strangers", settings, ReadOnly(session), pooling: true, poolSize: AsidePoolSize);
        _single = Build("qkms-single", settings, session, pooling: false);

        // Of several hosts the one that passes the check is to be asked. A single one is asked, and judged by what it answers.
        bool hasSeveral = settings.Host!.Contains(',', StringComparison.Ordinal);
        _unchecked = Build("qkms-fence", settings, session, pooling: false, isChecked: hasSeveral);
        Hosts = [.. settings.Host.Split(',').Select(host => Build("qkms-watch", OnlyTo(settings, host), session, pooling: false))];
        guard?.WhenMoved(LeaveServer);
    }

    /// <summary>Each host by itself, to be looked at whichever is in use.</summary>
    public IReadOnlyList<NpgsqlDataSource> Hosts { get; }

    /// <summary>Which server the node works on, if that is guarded.</summary>
    public EpochGuard? Guard => _guard;

    /// <summary>The server or servers, as the connection string names them.</summary>
    public string Host { get; }

    public string Database { get; }

    /// <summary>Whether what passes to and from another machine may be read or changed on the way.</summary>
    public bool IsExposed { get; }

    /// <summary>What fresh connections are asked about the schema; null until it is up to date.</summary>
    public PostgresSchemaCheck? Schema { get; set; }

    /// <summary>How many connections there are to read, and how many to write.</summary>
    public int PoolSize { get; }

    /// <summary>A connection whose writes fail.</summary>
    public ValueTask<NpgsqlConnection> OpenReaderAsync(CancellationToken cancellationToken) =>
        _readers.OpenConnectionAsync(cancellationToken);

    /// <summary>The same of the few for what strangers can cause.</summary>
    public ValueTask<NpgsqlConnection> OpenAsideAsync(CancellationToken cancellationToken) => _aside.OpenConnectionAsync(cancellationToken);

    /// <summary>A connection that writes.</summary>
    public ValueTask<NpgsqlConnection> OpenWriterAsync(CancellationToken cancellationToken) =>
        _writers.OpenConnectionAsync(cancellationToken);

    /// <summary>A connection of no pool, for what must not wait for one.</summary>
    public ValueTask<NpgsqlConnection> OpenSingleAsync(CancellationToken cancellationToken) =>
        _single.OpenConnectionAsync(cancellationToken);

    /// <summary>
    /// The same without the check of a single host, which is one more round trip: for a statement that checks the server itself.
    /// </summary>
    public ValueTask<NpgsqlConnection> OpenUncheckedAsync(CancellationToken cancellationToken) =>
        _unchecked.OpenConnectionAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _readers.Dispose();
        _aside.Dispose();
        _writers.Dispose();
        _single.Dispose();
        _unchecked.Dispose();
        foreach (NpgsqlDataSource host in Hosts)
            host.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _readers.DisposeAsync();
        await _aside.DisposeAsync();
        await _writers.DisposeAsync();
        await _single.DisposeAsync();
        await _unchecked.DisposeAsync();
        foreach (NpgsqlDataSource host in Hosts)
            await host.DisposeAsync();
    }

    /// <summary>What to throw when <see cref="Forgets"/> is true.</summary>
    public static StoreUnusableException NotDurable() =>
        new StoreUnusableException(
            "The database answers before a change is on disk: synchronous_commit is off. Qkms would lose keys that it has handed out. Set "
            + "it to on for this server, database and user.");

    /// <summary>What to throw when a server is a standby.</summary>
    public static StoreUnusableException Follows() =>
        new StoreUnusableException("The database server is a standby, whose data may be old. Connect to the primary.");

    // Idle connections are closed, those in use when they come back: none leads to the old server after that.
    private void LeaveServer()
    {
        _readers.Clear();
        _aside.Clear();
        _writers.Clear();
    }

    private static NpgsqlConnectionStringBuilder OnlyTo(NpgsqlConnectionStringBuilder settings, string host) =>
        new(settings.ConnectionString) { Host = host.Trim(), TargetSessionAttributes = null };

    private static NpgsqlConnectionStringBuilder Parse(PostgresStorageOptions options)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The provider's message may quote the part that it does not understand, and that may be half a password.
            throw new StoreUnusableException(
                "The connection string of the database cannot be read. Example: "
                + "Host=db.example;Database=qkms;Username=qkms;Password=…;SSL Mode=VerifyFull");
        }

        if (string.IsNullOrEmpty(settings.Host) || string.IsNullOrEmpty(settings.Database))
            throw new StoreUnusableException("The connection string of the database must name Host and Database.");

        if (settings.Host.Contains(',', StringComparison.Ordinal))
            RequirePrimary(settings);

        (settings.Timeout, settings.CommandTimeout) =
            ((int)options.ConnectTimeout.TotalSeconds, (int)options.StatementTimeout.TotalSeconds);

        // A statement that does not end in time ends its connection: what it did then is asked on another one.
        settings.CancellationTimeout = -1;

        // By its Keys: ContainsKey is true for everything that could stand there.
        if (!settings.Keys.Cast<string>().Contains("Maximum Pool Size"))
            settings.MaxPoolSize = UsualPoolSize;

        settings.ApplicationName ??= "qkms";

        // The repositories' SQL is a small fixed set, and nothing changes the settings of a session.
        (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages, settings.NoResetOnClose) = (128, 2, true);

        // Nothing of rows and parameters may come into exceptions, and from there into logs.
        (settings.IncludeErrorDetail, settings.LogParameters, settings.PersistSecurityInfo, settings.Enlist) = (false, false, false, false);
        return settings;
    }

    private static string ReadOnly(string session) => $"{session} -c default_transaction_read_only=on";

    private NpgsqlDataSource Build(
        string name,
        NpgsqlConnectionStringBuilder settings,
        string sessionSettings,
        bool pooling,
        bool isChecked = true,
        int? poolSize = null)
    {
        // The name stands in telemetry, which would show the connection string in its place.
        NpgsqlDataSourceBuilder builder = new(settings.ConnectionString) { Name = name };
        builder.ConnectionStringBuilder.Options = sessionSettings;
        builder.ConnectionStringBuilder.Pooling = pooling;
        if (poolSize is { } size)
            (builder.ConnectionStringBuilder.MinPoolSize, builder.ConnectionStringBuilder.MaxPoolSize) = (0, size);

        // Qkms uses built-in types only. Otherwise the first connection to a server would load the list of all its types.
        builder.ConfigureTypeLoading(static types => types.EnableTypeLoading(false));

        // The watch belongs to no request: its traces would bury those that do.
        if (name == "qkms-watch")
            builder.ConfigureTracing(static tracing => tracing.ConfigureCommandFilter(static _ => false).EnablePhysicalOpenTracing(false));

        if (isChecked)
        {
            builder.UsePhysicalConnectionInitializer(
                static _ => throw new NotSupportedException("Connections are opened asynchronously."),
                CheckAsync);
        }

        return builder.Build();
    }

    // What a standby shows may be old: a key that is revoked would go on working.
    private static void RequirePrimary(NpgsqlConnectionStringBuilder settings)
    {
        if (settings.TargetSessionAttributes is not (null or "primary" or "read-write"))
            throw new StoreUnusableException(
                "Qkms uses only the primary of several hosts: remove Target Session Attributes from the "
                + "connection string of the database.");

        // After a failover the primary is another one: it is looked for again soon.
        (settings.TargetSessionAttributes, settings.HostRecheckSeconds) = ("primary", 1);
    }

    // Where it is and since when it runs: after a restart, or a failover behind the same name, it is another one.
    internal const string ServerName = "concat_ws(' ', inet_server_addr(), inet_server_port(), pg_postmaster_start_time())";

    private const string ShowServer = $"SELECT {Forgets}, pg_is_in_recovery() AS follows, {ServerName} AS server";

    private const string ShowServerName = $"SELECT {ServerName}";

    /// <summary>What is too many, missing or different in the schema of the server, or null.</summary>
    public async Task<string?> FindSchemaDifferenceAsync()
    {
        await using NpgsqlConnection connection = await OpenUncheckedAsync(CancellationToken.None);
        return Schema is null
            ? null
            : await Schema.FindDifferenceAsync(connection, await connection.QuerySingleAsync<string>(ShowServerName));
    }

    private async Task CheckAsync(NpgsqlConnection connection)
    {
        if (connection.PostgreSqlVersion.Major < OldestVersion)
            throw new StoreUnusableException(
                $"The database server is PostgreSQL {connection.ServerVersion}; Qkms needs {OldestVersion} or later.");

        string server;
        if (_guard is { IsArmed: true })
        {
            server = await _guard.CheckAsync(connection);
        }
        else
        {
            (bool forgets, bool follows, server) = await connection.QuerySingleAsync<(bool, bool, string)>(ShowServer);
            if (forgets)
                throw NotDurable();

            if (follows)
                throw Follows();

            if (_guard is not null)
                await _guard.RefuseStrangeAsync(connection);
        }

        if (Schema is not null)
            await Schema.CheckAsync(connection, server);
    }

    private static string HostOf(NpgsqlConnectionStringBuilder settings) => settings.Host!.StartsWith('/')
        || settings.Host.Contains(',', StringComparison.Ordinal)
        ? settings.Host
        : string.Create(CultureInfo.InvariantCulture, $"{settings.Host}:{settings.Port}");

    private static bool IsOnThisMachine(NpgsqlConnectionStringBuilder settings) => settings.Host!.Split(',').All(host =>
        host.StartsWith('/')
        || host.StartsWith('@')
        || host.Split(':')[0] == "localhost"
        || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address)));
}
