using Npgsql;
using Qkms.Core.Installation;

namespace Qkms.Tests.Support;

/// <summary>Nodes on one PostgreSQL database with one root key, each with a data directory of its own. They end with it.</summary>
internal sealed class NodeCluster(PostgresDatabase database) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<ServiceProcess> _processes = [];
    private int _made;

    public PostgresDatabase Database { get; } = database;

    /// <summary>The root key of all nodes, in the form of <c>QKMS_ROOT_KEY</c>.</summary>
    public string RootKey { get; init; } = NewRootKey();

    /// <summary>The files that first starts left, among all data directories.</summary>
    public IReadOnlyList<string> InitialApiKeyFiles =>
        Directory.GetFiles(_directory.Path, InitialApiKeyFile.Name, SearchOption.AllDirectories);

    /// <summary>The API key of the node that made the first tenant.</summary>
    public string InitialApiKey => File.ReadAllText(InitialApiKeyFiles.Single());

    public static string NewRootKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(Core.Keyrings.RootKey.Size));

    /// <summary>Starts a further node as a process and waits until it is ready.</summary>
    public async Task<ServiceProcess> StartAsync()
    {
        ServiceProcess node = await ServiceProcess.StartAsync(NewDataDirectory(), Environment(RootKey));
        lock (_processes)
            _processes.Add(node);

        return node;
    }

    /// <summary>
    /// Starts a node with another root key, or with none: its exit code, what it printed, and whether it left an API key.
    /// </summary>
    public async Task<(int ExitCode, string Output, bool LeftApiKey)> StartInVainAsync(string? rootKey)
    {
        string dataDirectory = NewDataDirectory();
        (int exitCode, string output) = await ServiceProcess.StartInVainAsync(dataDirectory, Environment(rootKey));
        return (exitCode, output, File.Exists(Path.Combine(dataDirectory, InitialApiKeyFile.Name)));
    }

    /// <summary>
    /// A further node in this process, so that its clocks can be moved and its services be asked; the caller disposes of it.
    /// </summary>
    /// <param name="connectionString">A way of its own to the database, such as one through a proxy.</param>
    /// <param name="time">Its clocks.</param>
    /// <param name="storeInFront">What stands between it and the database.</param>
    /// <param name="furtherServices">What is added to its services.</param>
    /// <param name="keepsHouse">Whether due work runs in the background.</param>
    /// <param name="hasUsualLimits">Whether it waits for the database no longer than every service.</param>
    /// <param name="patience">How long it waits otherwise, unless for as long as it takes.</param>
    public QkmsApplication NodeHere(
        string? connectionString = null,
        ManualTime? time = null,
        Func<IKmsStore, IKmsStore>? storeInFront = null,
        Action<IServiceCollection>? furtherServices = null,
        bool keepsHouse = true,
        bool hasUsualLimits = false,
        PostgresPatience? patience = null)
    {
        QkmsApplication node = new(NewDataDirectory())
        {
            Patience = hasUsualLimits ? null : patience ?? PostgresPatience.Long,
            KeepsHouse = keepsHouse,
            Time = time ?? ManualTime.Running(),
            StoreInFront = storeInFront,
            FurtherServices = furtherServices,
        };
        node.Settings["Qkms:Storage:Provider"] = "postgresql";
        node.Settings["Qkms:Storage:ConnectionString"] = connectionString ?? Database.ConnectionString;
        PrivateFile.CreateFolder(node.DataDirectory);
        PrivateFile.Create(Path.Combine(node.DataDirectory, RootKeyLocator.FileName), Encoding.ASCII.GetBytes(RootKey));
        return node;
    }

    /// <summary>A client of one node, which is not put off by a database that is late.</summary>
    public HttpClient ClientOf(ServiceProcess node, string? apiKey = null)
    {
        HttpClient client = new(new RepeatingHandler()) { BaseAddress = node.Address };
        client.DefaultRequestHeaders.Add("x-api-key", apiKey ?? InitialApiKey);
        return client;
    }

    /// <summary>One value of the database, asked beside the nodes.</summary>
    public T Ask<T>(string sql)
    {
        using NpgsqlConnection connection = new(Database.ConnectionString);
        connection.Open();
        using NpgsqlCommand command = new(sql, connection);
        return (T)command.ExecuteScalar()!;
    }

    public void Dispose()
    {
        _processes.ForEach(process => process.Dispose());
        Database.Dispose();
        _directory.Dispose();
    }

    private string NewDataDirectory() => _directory.File($"node-{Interlocked.Increment(ref _made)}");

    private Dictionary<string, string?> Environment(string? rootKey) => new()
    {
        ["Qkms__Storage__Provider"] = "postgresql",
        ["Qkms__Storage__ConnectionString"] = Database.ConnectionString,
        ["QKMS_ROOT_KEY"] = rootKey,
    };
}
