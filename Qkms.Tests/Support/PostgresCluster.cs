using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Qkms.Tests.Support;

/// <summary>A PostgreSQL server of one test's own, in a folder of its own, to be stopped as the test likes.</summary>
internal sealed class PostgresCluster : IDisposable
{
    private static readonly string? _binaries = FindBinaries();

    private readonly string _folder;
    private readonly bool _ownFolder;

    /// <summary>Makes a cluster and starts it.</summary>
    /// <param name="folder">Where, if not in a temporary folder.</param>
    /// <param name="wal">Where its write-ahead log is, if not with the data.</param>
    public PostgresCluster(string? folder = null, string? wal = null)
        : this(
            folder,
            [
                "initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--wal-segsize=1", "--data-checksums",
                .. wal is null ? [] : (string[])["--waldir", wal],
            ])
    {
    }

    private PostgresCluster(string? folder, string[] make)
    {
        _ownFolder = folder is null;
        _folder = folder ?? Directory.CreateTempSubdirectory("qkms-pg-").FullName;
        Port = FreePorts.Next();
        GiveToServer(_folder);
        RunTool(make[0], [.. make[1..], "-D", Data]);
        File.AppendAllText(Path.Combine(Data, "postgresql.conf"), "wal_keep_size = 64MB\n");
        Start();
    }

    /// <summary>A further server that follows this one: its standby.</summary>
    /// <param name="name">How <c>synchronous_standby_names</c> of this one can name it.</param>
    public PostgresCluster MakeStandby(string name = "standby") => new(null, FollowMe(name));

    /// <summary>Throws away what the server has and makes it a standby of another one, as after a failover; it has been stopped.</summary>
    public void FollowAnew(PostgresCluster primary, string name = "standby")
    {
        Directory.Delete(Data, recursive: true);
        string[] make = primary.FollowMe(name);
        RunTool(make[0], [.. make[1..], "-D", Data]);
        Start();
    }

    /// <summary>
    /// Takes back what the server alone has and makes it a standby of another one, with <c>pg_rewind</c>; it has been stopped, in
    /// whatever way.
    /// </summary>
    public void Rewind(PostgresCluster primary, string name = "standby")
    {
        // pg_rewind reads from the other's last checkpoint on which timeline it is.
        primary.Run("CHECKPOINT");
        RunTool(
            "pg_rewind", "--write-recovery-conf", "--no-sync", "-D", Data,
            $"--source-server=host=127.0.0.1 port={primary.Port} user=postgres dbname=postgres application_name={name}");
        Start();
    }

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The reason for which tests that need one are skipped, or null.</summary>
    public static string? MissingReason { get; } =
        OperatingSystem.IsWindows() || _binaries is null
            ? "No server programs of PostgreSQL (initdb, pg_ctl): install the package postgresql."
            : null;

    /// <summary>For a database of the server.</summary>
    public string ConnectionStringOf(string database) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Port,
            Username = "postgres",
            Database = database,
            Pooling = false
        }.ConnectionString;

    private string Data => Path.Combine(_folder, "data");

    /// <summary>Makes an empty database; it goes with the cluster.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folder">Where its tables are, if not with all others.</param>
    public string CreateDatabase(string name, string? folder = null)
    {
        if (folder is not null)
            Run($"CREATE TABLESPACE of_{name} LOCATION '{folder}'");

        Run($"CREATE DATABASE {name}" + (folder is null ? "" : $" TABLESPACE of_{name}"));
        return ConnectionStringOf(name);
    }

    /// <summary>Lets the server write in a folder: it never runs as root.</summary>
    public static void GiveToServer(string folder)
    {
        if (Environment.IsPrivilegedProcess)
            Run("chown", ["postgres", folder]);
    }

    /// <summary>Whether it runs, or is about to end or to recover.</summary>
    public bool IsRunning => File.Exists(Path.Combine(Data, "postmaster.pid"));

    /// <summary>Runs SQL as the superuser; what it answers first.</summary>
    public object? Run(string sql, string database = "postgres")
    {
        using NpgsqlConnection connection = new(ConnectionStringOf(database));
        connection.Open();
        using NpgsqlCommand command = new(sql, connection);
        return command.ExecuteScalar();
    }

    /// <summary>Changes a setting of the server that it takes while it runs.</summary>
    public void Set(string name, string value)
    {
        Run($"ALTER SYSTEM SET {name} = '{value}'");
        Run("SELECT pg_reload_conf()");
    }

    /// <summary>The standby becomes a primary on a timeline of its own, and takes writes when this returns.</summary>
    public void Promote() => RunTool("pg_ctl", "-s", "-D", Data, "-w", "-t", "60", "promote");

    // No Unix socket: its lock file would keep the next server out for as long as nobody has looked after a killed one.
    /// <summary>Starts the server and waits until it has recovered and answers.</summary>
    public void Start() => RunTool(
        "pg_ctl", "-s", "-D", Data, "-w", "-t", "120", "-l", Path.Combine(_folder, "log"), "-o",
        $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=100 -c max_wal_size=8MB -c "
        + "min_wal_size=2MB -c checkpoint_timeout=30s -c restart_after_crash=on",
        "start");

    /// <summary>Every process of the server ends without a checkpoint and without a word to its clients.</summary>
    public void StopImmediately() => RunTool("pg_ctl", "-s", "-D", Data, "-w", "-m", "immediate", "stop");

    /// <summary><c>kill -9</c> of every process of the server.</summary>
    public void Kill()
    {
        // Until none is left: the next server refuses to start while one of them holds the shared memory.
        for (int[] all = Processes(); all.Length > 0; all = Processes())
        {
            Run("kill", ["-KILL", .. all.Select(id => id.ToString(CultureInfo.InvariantCulture))]);
            Thread.Sleep(20);
        }

        File.Delete(Path.Combine(Data, "postmaster.pid"));
    }

    /// <summary><c>kill -9</c> of one client's process: the server ends all others and recovers by itself.</summary>
    public void KillBackend()
    {
        int process = (int)Run("SELECT pid FROM pg_stat_activity WHERE application_name = 'qkms' ORDER BY state = 'idle' LIMIT 1")!;
        Run("kill", ["-KILL", process.ToString(CultureInfo.InvariantCulture)]);
    }

    public void Dispose()
    {
        if (IsRunning)
            StopImmediately();

        if (_ownFolder)
            Directory.Delete(_folder, recursive: true);
    }

    private string[] FollowMe(string name) =>
    [
        "pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
        "-d", $"host=127.0.0.1 port={Port} user=postgres application_name={name}",
    ];

    // Each works in the data directory; what is dead and not yet looked after by its parent works nowhere.
    private int[] Processes() =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : 0)
            .Where(id => id > 0 && WorksIn(id) == Data),
    ];

    private static string? WorksIn(int process)
    {
        try
        {
            return new FileInfo($"/proc/{process}/cwd").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? FindBinaries()
    {
        string[] folders = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [];
        IEnumerable<string> newestFirst = folders.OrderByDescending(folder =>
            int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int version) ? version : 0);
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return newestFirst.Select(folder => Path.Combine(folder, "bin")).Concat(path)
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_ctl")));
    }

    // The server refuses to run as root.
    private static void RunTool(string tool, params string[] arguments)
    {
        string program = Path.Combine(_binaries!, tool);
        if (Environment.IsPrivilegedProcess)
            Run("runuser", ["-u", "postgres", "--", program, .. arguments]);
        else
            Run(program, arguments);
    }

    private static string Run(string program, string[] arguments)
    {
        // pg_ctl leaves a server behind, which would keep the pipe open.
        bool leavesServer = arguments.Contains("start");
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = "/", RedirectStandardOutput = !leavesServer };
        using Process process = Process.Start(start)!;
        string output = leavesServer ? "" : process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 || program == "kill"
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}. {output}");
    }
}
