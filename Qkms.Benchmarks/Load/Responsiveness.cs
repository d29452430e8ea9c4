using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Qkms.Benchmarks.Load;

/// <summary>
/// How long a light request, <c>GET /kms/keys/active</c>, takes while 64 clients sign with RSA-4096, beside what it takes when nothing else goes on. The service runs
/// as a process of its own; clients and service share the machine.
/// </summary>
internal static class Responsiveness
{
    private const int Signers = 64;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    /// <param name="args">Seconds of each part; 10 unless given.</param>
    /// <param name="output">Receives a Markdown table.</param>
    internal static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var seconds = TimeSpan.FromSeconds(args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10);
        string service = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../Qkms.Api/bin/Release/net10.0/Qkms.Api.dll"));
        if (!File.Exists(service))
        {
            await Console.Error.WriteLineAsync($"There is no {service}: dotnet build -c Release Qkms.Api");
            return 1;
        }

        string directory = Directory.CreateTempSubdirectory("qkms-responsiveness-").FullName;
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        using Process process = Start(service, directory, address);
        try
        {
            using HttpClient client = await ConnectAsync(process, directory, address);
            await MeasureAsync(client, seconds, output);
            return 0;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
            await process.WaitForExitAsync();
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureAsync(HttpClient client, TimeSpan seconds, TextWriter output)
    {
        await PostAsync(client, "/kms/keys/generate", """{"algorithm":"AES-256"}""");
        await PostAsync(client, "/kms/keys/generate", """{"algorithm":"RSA-4096","use":"sig"}""");
        await ProbeAsync(client, TimeSpan.FromSeconds(3));
        List<double> idle = await ProbeAsync(client, seconds);

        using var end = new CancellationTokenSource();
        List<double> signing = [];
        Task[] signers = [.. Enumerable.Range(0, Signers).Select(_ => Task.Run(() => SignAsync(client, signing, end.Token)))];
        await Task.Delay(TimeSpan.FromSeconds(3));
        int before = CountOf(signing);
        long start = Stopwatch.GetTimestamp();
        List<double> loaded = await ProbeAsync(client, seconds);
        double rate = (CountOf(signing) - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        await end.CancelAsync();
        await Task.WhenAll(signers);

        output.WriteLine("| GET active | requests | p50, ms | p99, ms | longest, ms |");
        output.WriteLine("|---|---|---|---|---|");
        Report("nothing else", idle, output);
        Report(string.Create(CultureInfo.InvariantCulture, $"{Signers} clients sign with RSA-4096, {rate:F0} signatures/s, p50 {Percentile(signing, 0.5):F0} ms"), loaded, output);
    }

    /// <summary>One request after the other; milliseconds of each.</summary>
    private static async Task<List<double>> ProbeAsync(HttpClient client, TimeSpan duration)
    {
        List<double> milliseconds = [];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            long sent = Stopwatch.GetTimestamp();
            using (HttpResponseMessage answer = await client.GetAsync(new Uri("/kms/keys/active?algorithm=AES-256", UriKind.Relative)))
                answer.EnsureSuccessStatusCode();

            milliseconds.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        return milliseconds;
    }

    private static async Task SignAsync(HttpClient client, List<double> milliseconds, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            long sent = Stopwatch.GetTimestamp();
            await PostAsync(client, "/signature/sign", """{"algorithm":"RSA-4096","message":"aGVsbG8="}""");
            lock (milliseconds)
                milliseconds.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }
    }

    private static int CountOf(List<double> milliseconds)
    {
        lock (milliseconds)
            return milliseconds.Count;
    }

    private static async Task PostAsync(HttpClient client, string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await client.PostAsync(new Uri(path, UriKind.Relative), body);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    private static void Report(string name, List<double> milliseconds, TextWriter output) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {milliseconds.Count:N0} | {Percentile(milliseconds, 0.5):F2} | {Percentile(milliseconds, 0.99):F2} | {milliseconds.Max():F2} |"));

    private static double Percentile(List<double> values, double share)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted[(int)(share * (sorted.Length - 1))];
    }

    private static Process Start(string service, string directory, Uri address)
    {
        ProcessStartInfo start = new("dotnet", [service]) { RedirectStandardOutput = true, WorkingDirectory = directory };
        start.Environment["ASPNETCORE_URLS"] = address.ToString();
        start.Environment["Qkms__DataDirectory"] = directory;
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        Process process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static async Task<HttpClient> ConnectAsync(Process process, string directory, Uri address)
    {
        var client = new HttpClient { BaseAddress = address };
        using var limit = new CancellationTokenSource(_patience);
        while (!process.HasExited && !await IsReadyAsync(client, limit.Token))
            await Task.Delay(50, limit.Token);

        client.DefaultRequestHeaders.Add("x-api-key", await File.ReadAllTextAsync(Path.Combine(directory, "initial-api-key"), limit.Token));
        return client;
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
