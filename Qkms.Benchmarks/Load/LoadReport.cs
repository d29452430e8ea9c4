using System.Globalization;

namespace Qkms.Benchmarks.Load;

/// <summary>
/// Requests per second of the service beside those of a bare server that does the same primitive. Servers and load generator share the
/// machine; each case is measured on all servers in turn, in several rounds, so that what else the machine does falls on all alike.
/// </summary>
internal sealed class LoadReport : IDisposable
{
    private readonly LoadOptions _options;
    private readonly TextWriter _output;
    private readonly List<ServerUnderLoad> _servers = [];
    private readonly List<LoadRow> _rows = [];

    private LoadReport(LoadOptions options, TextWriter output) => (_options, _output) = (options, output);

    internal static async Task<int> RunAsync(LoadOptions options, TextWriter output)
    {
        if (!Wrk.IsInstalled())
        {
            await output.WriteLineAsync("wrk is not installed (Debian: apt install wrk).");
            return 1;
        }

        string database = $"qkms_load_{Environment.ProcessId}";
        if (options.Postgres is { } server)
            options = options.On(await ServerDatabase.OpenAsync(server, database));

        try
        {
            using LoadReport report = new(options, output);
            await report.RunAsync();
            return 0;
        }
        finally
        {
            if (options.Postgres is not null)
                await ServerDatabase.DropAsync(options.Postgres, database);
        }
    }

    public void Dispose() => _servers.ForEach(server => server.Dispose());

    private async Task RunAsync()
    {
        _servers.Add(await ServerUnderLoad.StartBareAsync());
        foreach (MeasuredService service in _options.Services)
            _servers.Add(await ServerUnderLoad.StartServiceAsync(service.Name, service.Assembly, service.Settings));

        foreach ((string name, Uri address) in _options.Peers)
            _servers.Add(ServerUnderLoad.Reach(name, address));

        await _output.WriteLineAsync(
            "| operation | server | connections | requests/s | p50, ms | p99, ms | errors | processor, µs | of bare | wanted "
            + "|\n|---|---|---|---|---|---|---|---|---|---|");
        foreach (LoadCase @case in LoadCases.All.Where(
            @case => _options.Cases.Count == 0 || _options.Cases.Contains(@case.Name, StringComparer.Ordinal)))
            await ReportAsync(@case);

        if (_options.Svg is { } path)
            await File.WriteAllTextAsync(path, LoadPicture.Draw(_rows));
    }

    private async Task ReportAsync(LoadCase @case)
    {
        List<(ServerUnderLoad Server, LoadRequest Request)> runs = [];
        foreach (ServerUnderLoad server in _servers)
        {
            if (server.IsPeer && @case.OnPeer is null)
                continue;

            try
            {
                Func<ServerUnderLoad, Task<LoadRequest>> make =
                    server == _servers[0] ? @case.OnBare : server.IsPeer ? @case.OnPeer! : @case.OnService;
                LoadRequest request = await make(server);
                await server.TryAsync(request);
                runs.Add((server, request));
            }
            catch (HttpRequestException e)
            {
                await _output.WriteLineAsync($"| {@case.Name} | {server.Name} | {e.Message} | | | | | | | |");
            }
        }

        foreach ((ServerUnderLoad server, LoadRequest request) in runs)
            await Wrk.RunAsync(server, request, _options.Connections[^1], _options.Warmup);

        foreach (int connections in _options.Connections)
            await MeasureAsync(@case, runs, connections);
    }

    private async Task MeasureAsync(LoadCase @case, List<(ServerUnderLoad Server, LoadRequest Request)> runs, int connections)
    {
        List<WrkResult>[] results = [.. runs.Select(_ => new List<WrkResult>())];
        for (int round = 0; round < _options.Rounds; round++)
        {
            foreach (((ServerUnderLoad server, LoadRequest request), List<WrkResult> found) in runs.Zip(results))
                found.Add(await Wrk.RunAsync(server, request, connections, _options.Seconds));
        }

        double? bare = null;
        foreach (((ServerUnderLoad server, _), List<WrkResult> found) in runs.Zip(results))
        {
            LoadRow row = new(@case.Name, server.Name, connections, WrkResult.MedianOf(found));
            _rows.Add(row);
            await _output.WriteLineAsync(Text(row, @case.Share, bare));
            if (server == _servers[0])
                bare = row.Figures.RequestsPerSecond;
        }
    }

    private static string Text(LoadRow row, double? share, double? bare)
    {
        WrkResult figures = row.Figures;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"| {row.Operation} | {row.Server} | {row.Connections} | {figures.RequestsPerSecond:N0} | {figures.Median:F2} | "
            + $"{figures.Percentile99:F2} | {figures.Errors:N0} | {figures.ProcessorTime:F1} |");
        return bare is null
            ? text + " | |"
            : text + string.Create(
                CultureInfo.InvariantCulture,
                $" {100 * figures.RequestsPerSecond / bare:F0} % | {(share is { } wanted ? $"{100 * wanted:F0} %" : "")} |");
    }
}
