using System.Globalization;

namespace Qkms.Benchmarks.Load;

/// <summary>
/// Requests per second of the service beside those of a bare server that does the same primitive. Servers and load generator share the
/// machine; each case is measured on all servers in turn, in several rounds, so that what else the machine does falls on all alike.
/// </summary>
internal static class LoadReport
{
    internal static async Task<int> RunAsync(LoadOptions options, TextWriter output)
    {
        if (!Wrk.IsInstalled())
        {
            await output.WriteLineAsync("wrk is not installed (Debian: apt install wrk).");
            return 1;
        }

        List<ServerUnderLoad> servers = [];
        try
        {
            servers.Add(await ServerUnderLoad.StartBareAsync());
            foreach (MeasuredService service in options.Services)
                servers.Add(await ServerUnderLoad.StartServiceAsync(
                    options.Services.Count == 1 ? "qkms" : service.Name, service.Assembly, service.Settings));

            await output.WriteLineAsync(
                "| operation | server | requests/s | p50, ms | p99, ms | processor, µs | of bare | wanted "
                + "|\n|---|---|---|---|---|---|---|---|");
            foreach (LoadCase @case in LoadCases.All.Where(
                @case => options.Cases.Count == 0 || options.Cases.Contains(@case.Name, StringComparer.Ordinal)))
                await ReportAsync(@case, servers, options, output);

            return 0;
        }
        finally
        {
            servers.ForEach(server => server.Dispose());
        }
    }

    private static async Task ReportAsync(LoadCase @case, List<ServerUnderLoad> servers, LoadOptions options, TextWriter output)
    {
        List<(ServerUnderLoad Server, LoadRequest Request, List<WrkResult> Results)> runs = [];
        foreach (ServerUnderLoad server in servers)
        {
            try
            {
                LoadRequest request = await (server == servers[0] ? @case.OnBare(server) : @case.OnService(server));
                await server.TryAsync(request);
                runs.Add((server, request, []));
            }
            catch (HttpRequestException e)
            {
                await output.WriteLineAsync($"| {@case.Name} | {server.Name} | {e.Message} | | | | | |");
            }
        }

        foreach ((ServerUnderLoad server, LoadRequest request, _) in runs)
            await Wrk.RunAsync(server, request, options.Connections, options.Warmup);

        for (int round = 0; round < options.Rounds; round++)
        {
            foreach ((ServerUnderLoad server, LoadRequest request, List<WrkResult> results) in runs)
                results.Add(await Wrk.RunAsync(server, request, options.Connections, options.Seconds));
        }

        double? bare = runs.Where(run => run.Server == servers[0])
            .Select(run => (double?)Median(run.Results, result => result.RequestsPerSecond))
            .FirstOrDefault();
        foreach ((ServerUnderLoad server, _, List<WrkResult> results) in runs)
            await output.WriteLineAsync(Row(@case, server.Name, results, server == servers[0] ? null : bare));
    }

    private static string Row(LoadCase @case, string server, List<WrkResult> results, double? bare)
    {
        double rate = Median(results, result => result.RequestsPerSecond);
        string figures = string.Create(
            CultureInfo.InvariantCulture,
            $"| {@case.Name} | {server} | {rate:N0} | {Median(results, result => result.Median):F2} | "
            + $"{Median(results, result => result.Percentile99):F2} | {Median(results, result => result.ProcessorTime):F1} |");
        return bare is null
            ? figures + " | |"
            : figures + string.Create(
                CultureInfo.InvariantCulture, $" {100 * rate / bare:F0} % | {(@case.Share is { } share ? $"{100 * share:F0} %" : "")} |");
    }

    private static double Median(List<WrkResult> results, Func<WrkResult, double> figure)
    {
        double[] sorted = [.. results.Select(figure).Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
