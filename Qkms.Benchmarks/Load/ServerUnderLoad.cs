using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Qkms.Core.Keyrings;
using Qkms.Core.Secrets;

namespace Qkms.Benchmarks.Load;

/// <summary>A server as a process of its own, with its log in a file as a supervisor would keep it.</summary>
internal sealed class ServerUnderLoad : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly Process? _process;
    private readonly HttpClient _client;
    private readonly HttpClient _bare;
    private readonly DirectoryInfo? _directory;
    private readonly long _started = Stopwatch.GetTimestamp();

    private ServerUnderLoad(
        string name, IReadOnlyList<string> command, IReadOnlyList<(string Name, string Value)> settings, string? dataDirectory)
    {
        Name = name;
        Address = new Uri($"http://127.0.0.1:{FreePort().ToString(CultureInfo.InvariantCulture)}");
        _directory = Directory.CreateTempSubdirectory("qkms-load-");
        DataDirectory = dataDirectory ?? Path.Combine(_directory.FullName, "data");
        ProcessStartInfo start =
            new("/bin/sh", ["-c", "exec dotnet \"$@\" > log 2>&1", "sh", .. command]) { WorkingDirectory = _directory.FullName };
        start.Environment["ASPNETCORE_URLS"] = Address.ToString();
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["Qkms__DataDirectory"] = DataDirectory;
        foreach ((string setting, string value) in settings)
            start.Environment[setting] = value;

        if (settings.Any(setting => setting.Name == "Qkms__Storage__ConnectionString"))
            WriteRootKey(DataDirectory);

        _process = Process.Start(start)!;
        _client = new HttpClient { BaseAddress = Address };
        _bare = new HttpClient { BaseAddress = Address };
    }

    private ServerUnderLoad(string name, Uri address)
    {
        (Name, Address, DataDirectory) = (name, address, "");
        _client = new HttpClient { BaseAddress = Address };
        _bare = new HttpClient { BaseAddress = Address };
    }

    /// <summary>How the table calls it.</summary>
    internal string Name { get; }

    /// <summary>Whether it is another program, which somebody else has started.</summary>
    internal bool IsPeer => _process is null;

    internal Uri Address { get; }

    internal string DataDirectory { get; }

    /// <summary>The API key of the service's first start; null for the bare server.</summary>
    internal string? ApiKey { get; private set; }

    /// <summary>The time from the start of the process until it was ready.</summary>
    internal TimeSpan StartTime { get; private set; }

    /// <summary>The memory that the process has in use now, in MB.</summary>
    internal double ResidentMegabytes
    {
        get
        {
            _process!.Refresh();
            return _process.WorkingSet64 / 1e6;
        }
    }

    /// <summary>What the process has used of the processors so far; nothing is known of a peer.</summary>
    internal TimeSpan ProcessorTime
    {
        get
        {
            _process?.Refresh();
            return _process?.TotalProcessorTime ?? TimeSpan.Zero;
        }
    }

    /// <summary>Another server, which runs already.</summary>
    internal static ServerUnderLoad Reach(string name, Uri address) => new(name, address);

    /// <summary>The bare server: this program with another argument.</summary>
    internal static Task<ServerUnderLoad> StartBareAsync() =>
        StartAsync("bare", [typeof(ServerUnderLoad).Assembly.Location, BareServer.Command], [], null, "/hello");

    /// <summary>A build of the service.</summary>
    /// <param name="name">How the table calls it.</param>
    /// <param name="assembly">The path of <c>Qkms.Api.dll</c>.</param>
    /// <param name="settings">Variables of its environment.</param>
    /// <param name="dataDirectory">Its data directory; null for a fresh one.</param>
    internal static async Task<ServerUnderLoad> StartServiceAsync(
        string name, string assembly, IReadOnlyList<(string Name, string Value)>? settings = null, string? dataDirectory = null)
    {
        ServerUnderLoad server = await StartAsync(name, [assembly], settings ?? [], dataDirectory, "/health/ready");
        server.ApiKey = await File.ReadAllTextAsync(Path.Combine(server.DataDirectory, "initial-api-key"));
        server._client.DefaultRequestHeaders.Add("x-api-key", server.ApiKey);
        return server;
    }

    /// <summary>Generates a key, unless an earlier case has done so.</summary>
    internal async Task GenerateAsync(string algorithm, string? use = null, string? name = null)
    {
        JsonObject body = new() { ["algorithm"] = algorithm };
        if (name is not null)
            body["name"] = name;

        if (use is not null)
            body["use"] = use;

        using HttpResponseMessage answer = await _client.PostAsJsonAsync("/kms/keys/generate", body);
        if (answer.StatusCode != HttpStatusCode.Conflict)
            RequireSuccess(answer);
    }

    /// <summary>Makes a key of a name for this one time, and an access key: what a client of AWS KMS begins with.</summary>
    internal async Task<(string KeyId, AwsSignature Signature)> MakeForAwsAsync()
    {
        string name = $"aws-{RandomNumberGenerator.GetHexString(16)}";
        JsonNode key = await PostAsync("/kms/keys/generate", new() { ["algorithm"] = "AES-256", ["name"] = name });
        JsonNode access = await PostAsync(
            "/api-keys", new() { ["label"] = "load", ["roles"] = new JsonArray("user"), ["kind"] = "sigv4" });
        return (
            (string)key["data"]!["key_id"]!,
            new AwsSignature((string)access["data"]!["lookup_id"]!, (string)access["data"]!["secret_access_key"]!, Address.Authority));
    }

    /// <exception cref="HttpRequestException">It was refused; the message says what.</exception>
    internal async Task<JsonNode> PostAsync(string path, JsonObject body)
    {
        using HttpResponseMessage answer = await _client.PostAsJsonAsync(path, body);
        RequireSuccess(answer);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    /// <summary>Sends a request once.</summary>
    /// <exception cref="HttpRequestException">It was refused; the message says what.</exception>
    internal async Task TryAsync(LoadRequest request)
    {
        using HttpResponseMessage answer = await SendAsync(request);
        RequireSuccess(answer);
    }

    /// <summary>The same, with the JSON of the answer.</summary>
    /// <exception cref="HttpRequestException">It was refused; the message says what.</exception>
    internal async Task<JsonNode> AskAsync(LoadRequest request)
    {
        using HttpResponseMessage answer = await SendAsync(request);
        RequireSuccess(answer);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    private async Task<HttpResponseMessage> SendAsync(LoadRequest request)
    {
        string? body = request.Body?.ToJsonString()
            .Replace(LoadRequest.Number, "0", StringComparison.Ordinal)
            .Replace(LoadRequest.Slot, "0", StringComparison.Ordinal);
        using HttpRequestMessage message = new(body is null ? HttpMethod.Get : HttpMethod.Post, request.Path);
        if (body is not null)
            message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));

        foreach ((string name, string value) in Wrk.HeadersOf(this, request, body))
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
                message.Content!.Headers.TryAddWithoutValidation(name, value);
        }

        return await _bare.SendAsync(message);
    }

    /// <summary>Ends it as an operator does, with SIGTERM.</summary>
    internal async Task StopAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        _client.Dispose();
        _bare.Dispose();
        if (_process is null)
            return;

        if (!_process.HasExited)
            _process.Kill();

        _process.WaitForExit();
        _process.Dispose();
        _directory!.Delete(recursive: true);
    }

    private static async Task<ServerUnderLoad> StartAsync(
        string name,
        IReadOnlyList<string> command,
        IReadOnlyList<(string Name, string Value)> settings,
        string? dataDirectory,
        string readyPath)
    {
        ServerUnderLoad server = new(name, command, settings, dataDirectory);
        using CancellationTokenSource limit = new(_patience);
        while (!server._process!.HasExited)
        {
            try
            {
                using HttpResponseMessage answer = await server._client.GetAsync(readyPath, limit.Token);
                if (answer.IsSuccessStatusCode)
                {
                    server.StartTime = Stopwatch.GetElapsedTime(server._started);
                    return server;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(20, limit.Token);
        }

        string log = await File.ReadAllTextAsync(Path.Combine(server._directory!.FullName, "log"), limit.Token);
        server.Dispose();
        throw new InvalidOperationException($"'{name}' did not start: {log}");
    }

    // With PostgreSQL the service makes none: its nodes have one together.
    private static void WriteRootKey(string folder)
    {
        if (File.Exists(Path.Combine(folder, RootKeyLocator.FileName)))
            return;

        PrivateFile.CreateFolder(folder);
        string text = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        PrivateFile.Create(Path.Combine(folder, RootKeyLocator.FileName), Encoding.ASCII.GetBytes(text));
    }

    private static void RequireSuccess(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException(
                $"left out: {answer.RequestMessage!.RequestUri!.AbsolutePath} was answered {(int)answer.StatusCode}");
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
