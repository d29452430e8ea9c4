using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Qkms.Benchmarks.Load;

/// <summary>
/// How long a light request, <c>GET /kms/keys/active</c>, takes while 64 clients sign with RSA-4096, beside what it takes when nothing else
/// goes on. The service runs as a process of its own; clients and service share the machine.
/// </summary>
internal static class Responsiveness
{
    private const int Signers = 64;

    private static readonly LoadRequest _lightRequest = new("/kms/keys/active?algorithm=AES-256");
    private static readonly LoadRequest _heavyRequest = new(
        "/signature/sign", new JsonObject { ["algorithm"] = "RSA-4096", ["message"] = "aGVsbG8=" });

    /// <param name="args">Seconds of each part; 10 unless given.</param>
    /// <param name="output">Receives a Markdown table.</param>
    internal static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var seconds = TimeSpan.FromSeconds(args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10);
        using ServerUnderLoad server = await ServerUnderLoad.StartServiceAsync(
            "qkms", Path.Combine(AppContext.BaseDirectory, "Qkms.Api.dll"));
        await MeasureAsync(server, seconds, output);
        return 0;
    }

    private static async Task MeasureAsync(ServerUnderLoad server, TimeSpan seconds, TextWriter output)
    {
        await server.GenerateAsync("AES-256");
        await server.GenerateAsync("RSA-4096", "sig");
        await ProbeAsync(server, TimeSpan.FromSeconds(3));
        List<double> idle = await ProbeAsync(server, seconds);

        using var end = new CancellationTokenSource();
        List<double> signing = [];
        Task[] signers = [.. Enumerable.Range(0, Signers).Select(_ => Task.Run(() => SignAsync(server, signing, end.Token)))];
        await Task.Delay(TimeSpan.FromSeconds(3));
        int before = CountOf(signing);
        long start = Stopwatch.GetTimestamp();
        List<double> loaded = await ProbeAsync(server, seconds);
        double rate = (CountOf(signing) - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        await end.CancelAsync();
        await Task.WhenAll(signers);

        output.WriteLine("| GET active | requests | p50, ms | p99, ms | longest, ms |");
        output.WriteLine("|---|---|---|---|---|");
        Report("nothing else", idle, output);
        Report(
            string.Create(CultureInfo.InvariantCulture,
                $"{Signers} clients sign with RSA-4096, {rate:F0} signatures/s, p50 {Percentile(signing, 0.5):F0} ms"),
            loaded,
            output);
    }

    /// <summary>One request after the other; milliseconds of each.</summary>
    private static async Task<List<double>> ProbeAsync(ServerUnderLoad server, TimeSpan duration)
    {
        List<double> milliseconds = [];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            long sent = Stopwatch.GetTimestamp();
            await server.TryAsync(_lightRequest);
            milliseconds.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        return milliseconds;
    }

    private static async Task SignAsync(ServerUnderLoad server, List<double> milliseconds, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            long sent = Stopwatch.GetTimestamp();
            await server.TryAsync(_heavyRequest);
            lock (milliseconds)
                milliseconds.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }
    }

    private static int CountOf(List<double> milliseconds)
    {
        lock (milliseconds)
            return milliseconds.Count;
    }

    private static void Report(string name, List<double> milliseconds, TextWriter output) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {name} | {milliseconds.Count:N0} | {Percentile(milliseconds, 0.5):F2} | {Percentile(milliseconds, 0.99):F2} "
        + $"| {milliseconds.Max():F2} |"));

    private static double Percentile(List<double> values, double share)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted[(int)(share * (sorted.Length - 1))];
    }
}
