using System.Diagnostics;
using System.Runtime.InteropServices;
using Qkms.Storage.Telemetry;

namespace Qkms.Tests.Support;

/// <summary>The service as a process of its own, so that it can be killed, refused a start, and looked at from outside.</summary>
internal sealed partial class ServiceProcess : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private static readonly int[] _late = [StorageEvents.WriteFailed, StorageEvents.ReadFailed, StorageEvents.CircuitOpened];

    private readonly StringBuilder _output = new();
    private readonly Process _process;

    private ServiceProcess(string dataDirectory, int port, IReadOnlyDictionary<string, string?> environment, bool isRead)
    {
        DataDirectory = dataDirectory;
        Address = new Uri($"http://127.0.0.1:{port}");

        // A shell without job control has what it starts in the background ignore SIGINT, and that is inherited: env takes it back.
        string[] command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "Qkms.Api.dll")];
        ProcessStartInfo start = OperatingSystem.IsLinux()
            ? new ProcessStartInfo("env", ["--default-signal=INT", .. command])
            : new ProcessStartInfo(command[0], command[1..]);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.WorkingDirectory = Path.GetTempPath();
        // As in the tests' own process: what the compiler would learn does not pay.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["ASPNETCORE_URLS"] = Address.ToString();
        start.Environment["Qkms__DataDirectory"] = dataDirectory;
        if (TestEngine.Name is { } engine)
            start.Environment["Qkms__Crypto__Engine"] = engine;

        if (!environment.ContainsKey("Qkms__Storage__Provider"))
        {
            foreach ((string name, string value) in TestStorage.SettingsOf(
                dataDirectory, withRootKey: !environment.ContainsKey("QKMS_ROOT_KEY")))
                start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        foreach ((string name, string? value) in environment)
            start.Environment[name] = value;

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        if (!isRead)
            return;

        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string DataDirectory { get; }

    public Uri Address { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>
    /// The lines of its log that tell of errors, or worse. A PostgreSQL that was late, as on any busy machine, is none: what it was asked
    /// for then is asked again.
    /// </summary>
    public IReadOnlyList<string> Complaints =>
    [
        .. Output.Split('\n').Where(line =>
            line.Contains("\"Critical\"", StringComparison.Ordinal)
            || (line.Contains("\"Error\"", StringComparison.Ordinal)
                && !(TestStorage.IsPostgres && _late.Any(id => line.Contains($"\"EventId\":{id},", StringComparison.Ordinal))))),
    ];

    /// <summary>Starts the service and waits for nothing.</summary>
    public static ServiceProcess Launch(
        string dataDirectory, Dictionary<string, string?>? environment = null, bool isRead = true) =>
        new(dataDirectory, FreePorts.Next(), environment ?? [], isRead);

    /// <summary>Starts the service and waits until it is ready.</summary>
    /// <param name="dataDirectory">Its data directory.</param>
    /// <param name="environment">Further variables.</param>
    /// <param name="isRead">Whether somebody reads what it writes.</param>
    public static async Task<ServiceProcess> StartAsync(
        string dataDirectory, Dictionary<string, string?>? environment = null, bool isRead = true)
    {
        ServiceProcess service = Launch(dataDirectory, environment, isRead);
        using HttpClient client = new() { BaseAddress = service.Address };
        using CancellationTokenSource limit = new(_patience);
        while (!service._process.HasExited)
        {
            try
            {
                using HttpResponseMessage response = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), limit.Token);
                if (response.StatusCode == HttpStatusCode.OK)
                    return service;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(50, limit.Token);
        }

        throw new InvalidOperationException($"The service did not start: {service.Output}");
    }

    /// <summary>Starts a service that is expected to refuse: its exit code and all that it printed.</summary>
    public static async Task<(int ExitCode, string Output)> StartInVainAsync(
        string dataDirectory, Dictionary<string, string?>? environment = null)
    {
        using ServiceProcess service = Launch(dataDirectory, environment);
        return (await service.WaitForExitAsync(), service.Output);
    }

    /// <summary>Ends when it has written this: what it logs gets here after it has answered a request that came later.</summary>
    public Task SaysAsync(string words) =>
        Eventually.HoldsAsync(() => Task.FromResult(Output.Contains(words, StringComparison.Ordinal)));

    /// <summary>A client that speaks for the first tenant.</summary>
    /// <param name="repeats">Whether it is not put off by a database that is late.</param>
    public HttpClient Client(bool repeats = false)
    {
        HttpClient client = repeats ? new(new RepeatingHandler()) : new();
        client.BaseAddress = Address;
        client.DefaultRequestHeaders.Add("x-api-key", File.ReadAllText(Path.Combine(DataDirectory, "initial-api-key")));
        return client;
    }

    /// <summary><c>kill -9</c>: no handler runs.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as a supervisor sends it; the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM");
        return await WaitForExitAsync();
    }

    /// <summary>Sends a signal by its name.</summary>
    public async Task SignalAsync(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>SIGSTOP, without the time that a process takes which sends it: all of its threads stand still soon.</summary>
    public void Stop() => Send(Id, 19);

    /// <summary>SIGCONT.</summary>
    public void GoOn() => Send(Id, 18);

    /// <summary>Whether every thread stands still (Linux, proc(5)).</summary>
    public bool IsStopped
    {
        get
        {
            try
            {
                return Array.TrueForAll(
                    Directory.GetDirectories($"/proc/{Id}/task"),
                    thread => File.ReadAllText(Path.Combine(thread, "status")).Contains("State:\tT", StringComparison.Ordinal));
            }
            catch (IOException)
            {
                // A thread that ended just now.
                return false;
            }
        }
    }

    /// <summary>The exit code, once it has ended.</summary>
    public async Task<int> WaitForExitAsync()
    {
        using CancellationTokenSource limit = new(_patience);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();

        _process.WaitForExit();
        _process.Dispose();
    }

    private static void Send(int process, int signal) => _ = Kill(process, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    private void Keep(string? line)
    {
        lock (_output)
            _output.AppendLine(line);
    }
}
