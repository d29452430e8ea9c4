using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Qkms.Benchmarks.Load;
using Qkms.Core.Store;

namespace Qkms.Benchmarks.Scale;

/// <summary>
/// What an installation with very many tenants, keys and versions costs, beside one that is almost empty: requests, the start, memory and
/// <c>qkms verify</c>. Both run at the same time and are measured in turn.
/// </summary>
internal static class ScaleReport
{
    // The first tenant has as many keys on both, so that a page of the list is as long.
    private const int KeysOfFirst = 100;

    private static readonly string _message = Convert.ToBase64String(new byte[1024]);

    private static readonly (string Name, LoadRequest Request)[] _requests =
    [
        ("GET active", new("/kms/keys/active?algorithm=AES-256&name=page-0")),
        ("AES-256 encrypt", new("/crypto/encrypt", new() { ["plaintext"] = _message, ["algorithm"] = "AES-256", ["name"] = "page-0" })),
        ("ML-DSA-65 sign", new("/signature/sign", new() { ["message"] = _message, ["algorithm"] = "ML-DSA-65" })),
        ("list 100 versions", new("/kms/keys?limit=100")),
        ("list the versions of a key", new("/kms/keys?name=page-0&limit=100")),
    ];

    internal static async Task<int> RunAsync(ScaleOptions options, TextWriter output)
    {
        if (!Wrk.IsInstalled())
        {
            await output.WriteLineAsync("wrk is missing: https://github.com/wg/wrk");
            return 1;
        }

        ScaleInstallation empty = await ScaleInstallation.OpenAsync("empty", options);
        ScaleInstallation full = await ScaleInstallation.OpenAsync("full", options);
        foreach (ScaleInstallation installation in new[] { empty, full })
            await PrepareAsync(installation);

        IKmsStore store = await full.OpenStoreAsync();
        await using ((IAsyncDisposable)store)
            await ScaleFill.RunAsync(store, full.Folder, options, output);

        await ReportStartsAsync(empty, full, options, output);
        await ReportRequestsAsync(empty, full, options, output);
        await ReportVerifyAsync(empty, full, output);
        return 0;
    }

    /// <summary>The first start, and the keys of the first tenant.</summary>
    private static async Task PrepareAsync(ScaleInstallation installation)
    {
        using ServerUnderLoad server = await installation.StartAsync();
        for (int i = 0; i < KeysOfFirst; i++)
            await server.GenerateAsync("AES-256", name: string.Create(CultureInfo.InvariantCulture, $"page-{i}"));

        await server.GenerateAsync("ML-DSA-65");
        await server.StopAsync();
    }

    private static async Task ReportStartsAsync(
        ScaleInstallation empty, ScaleInstallation full, ScaleOptions options, TextWriter output)
    {
        List<double>[] times = [[], []];
        for (int round = 0; round < options.Rounds; round++)
        {
            foreach ((ScaleInstallation installation, List<double> found) in new[] { empty, full }.Zip(times))
            {
                using ServerUnderLoad server = await installation.StartAsync();
                found.Add(server.StartTime.TotalSeconds);
                await server.StopAsync();
            }
        }

        await output.WriteLineAsync("\n| | empty | full |\n|---|---|---|");
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"| start until ready, s | {WrkResult.MedianOf(times[0]):F2} | {WrkResult.MedianOf(times[1]):F2} |"));
    }

    private static async Task ReportRequestsAsync(
        ScaleInstallation empty, ScaleInstallation full, ScaleOptions options, TextWriter output)
    {
        using ServerUnderLoad first = await empty.StartAsync();
        using ServerUnderLoad second = await full.StartAsync();
        List<string> rows = [];
        foreach ((string name, LoadRequest request) in _requests)
        {
            WrkResult[] results = await MeasureAsync([(first, request), (second, request)], options);
            rows.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {Figures(results[0])} | {Figures(results[1])} | {results[1].Percentile99 / results[0].Percentile99:F2} |"));
        }

        string longKey = ScaleFill.LongKey;
        string[] apiKeys = await File.ReadAllLinesAsync(Path.Combine(full.Folder, ScaleFill.ApiKeysFile));
        (string Name, LoadRequest Request)[] further =
        [
            ("GET active of the longest key", new($"/kms/keys/active?algorithm=AES-256&name={longKey}")),
            ("encrypt with the longest key", new("/crypto/encrypt", new JsonObject
            {
                ["plaintext"] = _message,
                ["algorithm"] = "AES-256",
                ["name"] = longKey,
            })),
            ("list 100 versions of the longest key", new($"/kms/keys?name={longKey}&limit=100")),
            (
                $"GET active, {apiKeys.Length:N0} tenants in turn",
                new("/kms/keys/active?algorithm=AES-256&name=key-0") { ApiKeys = apiKeys }),
            (
                $"encrypt, {apiKeys.Length:N0} tenants in turn",
                new("/crypto/encrypt", new JsonObject { ["plaintext"] = _message, ["algorithm"] = "AES-256", ["name"] = "key-0" })
                {
                    ApiKeys = apiKeys,
                }),
        ];
        foreach ((string name, LoadRequest request) in further)
        {
            WrkResult[] results = await MeasureAsync([(second, request)], options);
            rows.Add($"| {name} | | | | {Figures(results[0])} | |");
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"| memory after {_requests.Length} kinds of requests, MB | {first.ResidentMegabytes:F0} | {second.ResidentMegabytes:F0} |"));
        await output.WriteLineAsync(
            "\n| request | empty, requests/s | p50, ms | p99, ms | full, requests/s | p50, ms | p99, ms | p99, full to empty |\n"
            + "|---|---|---|---|---|---|---|---|");
        foreach (string row in rows)
            await output.WriteLineAsync(row);

        await first.StopAsync();
        await second.StopAsync();
    }

    private static async Task ReportVerifyAsync(ScaleInstallation empty, ScaleInstallation full, TextWriter output)
    {
        await output.WriteLineAsync("\n| qkms verify | time, s | most memory, MB | exit code |\n|---|---|---|---|");
        foreach (ScaleInstallation installation in new[] { empty, full })
        {
            ProcessStartInfo start = new("dotnet", [installation.Service, "verify"]) { RedirectStandardOutput = true };
            start.Environment["Qkms__DataDirectory"] = installation.Folder;
            foreach ((string setting, string value) in installation.Settings)
                start.Environment[setting] = value;

            long began = Stopwatch.GetTimestamp();
            using Process process = Process.Start(start)!;
            Task<string> said = process.StandardOutput.ReadToEndAsync();
            double most = 0;
            while (!process.WaitForExit(TimeSpan.FromMilliseconds(50)))
            {
                process.Refresh();
                most = Math.Max(most, process.HasExited ? 0 : process.PeakWorkingSet64 / 1e6);
            }

            await said;
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"| {installation.Name} | {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} | {most:F0} | {process.ExitCode} |"));
        }
    }

    private static async Task<WrkResult[]> MeasureAsync((ServerUnderLoad Server, LoadRequest Request)[] runs, ScaleOptions options)
    {
        List<WrkResult>[] results = [.. runs.Select(_ => new List<WrkResult>())];
        foreach ((ServerUnderLoad server, LoadRequest request) in runs)
            await Wrk.RunAsync(server, request, options.Connections, options.Warmup);

        for (int round = 0; round < options.Rounds; round++)
        {
            foreach (((ServerUnderLoad server, LoadRequest request), List<WrkResult> found) in runs.Zip(results))
                found.Add(await Wrk.RunAsync(server, request, options.Connections, options.Seconds));
        }

        WrkResult[] medians = [.. results.Select(found => WrkResult.MedianOf(found))];
        return medians.Sum(result => result.Errors) == 0
            ? medians
            : throw new InvalidOperationException($"Some requests of '{runs[0].Request.Path}' were refused.");
    }

    private static string Figures(WrkResult result) => string.Create(
        CultureInfo.InvariantCulture, $"{result.RequestsPerSecond:N0} | {result.Median:F2} | {result.Percentile99:F2}");
}
