using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Qkms.Benchmarks.Load;

/// <summary>One measurement.</summary>
/// <param name="RequestsPerSecond">Requests per second, refused ones too.</param>
/// <param name="Median">The median latency, in milliseconds.</param>
/// <param name="Percentile99">What 99 of 100 requests took at most, in milliseconds.</param>
/// <param name="ProcessorTime">The server's processor time for one request, in microseconds.</param>
/// <param name="Errors">How many requests were refused, or had no answer.</param>
internal sealed record WrkResult(double RequestsPerSecond, double Median, double Percentile99, double ProcessorTime, double Errors)
{
    /// <summary>The medians of several measurements, and the sum of their errors.</summary>
    internal static WrkResult MedianOf(IReadOnlyList<WrkResult> results) => new(
        MedianOf(results.Select(result => result.RequestsPerSecond)),
        MedianOf(results.Select(result => result.Median)),
        MedianOf(results.Select(result => result.Percentile99)),
        MedianOf(results.Select(result => result.ProcessorTime)),
        results.Sum(result => result.Errors));

    internal static double MedianOf(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>The load generator <c>wrk</c> (https://github.com/wg/wrk).</summary>
internal static class Wrk
{
    private static int _runs;

    private const string Summary =
        """
        done = function(summary, latency)
          local errors = summary.errors
          io.write(string.format("QKMS %d %d %d %d %d\n",
            summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
            errors.connect + errors.read + errors.write + errors.status + errors.timeout))
        end
        """;

    // Threads begin at places of their own, or two would ask for the same tenant one right after the other.
    private const string Turns =
        """
        local threads = 0
        function setup(thread) thread:set("turn", threads * 500); threads = threads + 1 end
        request = function()
          turn = turn % #keys + 1
          wrk.headers["x-api-key"] = keys[turn]
          return wrk.format()
        end
        """;

    // Each thread counts for itself, from a number that no other thread and no other run has.
    private static string Numbers(string body)
    {
        string text = body.Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace(LoadRequest.Number, "\" .. number .. \"", StringComparison.Ordinal)
            .Replace(LoadRequest.Slot, $"\" .. number % {LoadRequest.Slots} .. \"", StringComparison.Ordinal);
        return $$"""
            local threads = {{2 * Interlocked.Increment(ref _runs)}}
            function setup(thread) thread:set("number", threads * 1000000); threads = threads + 1 end
            request = function()
              number = number + 1
              return wrk.format(nil, nil, nil, "{{text}}")
            end
            """;
    }

    internal static bool IsInstalled()
    {
        try
        {
            using Process process = Start(["-v"]);
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Sends a request on all connections for some seconds.</summary>
    /// <exception cref="InvalidOperationException">Not one was done.</exception>
    internal static async Task<WrkResult> RunAsync(ServerUnderLoad server, LoadRequest request, int connections, int seconds)
    {
        string script = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(script, Script(server, request));
            TimeSpan before = server.ProcessorTime;
            using Process process = Start(
                [
                    // A thread has at least one connection.
                    connections == 1 ? "-t1" : "-t2",
                    $"-c{connections.ToString(CultureInfo.InvariantCulture)}",
                    $"-d{seconds.ToString(CultureInfo.InvariantCulture)}s",
                    "-s",
                    script,
                    new Uri(server.Address, request.Path).ToString()
                ]);
            string output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return Read(output, server.ProcessorTime - before);
        }
        finally
        {
            File.Delete(script);
        }
    }

    private static string Script(ServerUnderLoad server, LoadRequest request)
    {
        List<string> lines = [Summary];
        string? body = request.Body?.ToJsonString();
        if (body is not null)
            lines.AddRange(["wrk.method = \"POST\"", $"wrk.body = [[{body}]]"]);

        lines.AddRange(HeadersOf(server, request, body).Select(header => $"wrk.headers[\"{header.Key}\"] = \"{header.Value}\""));

        if (body?.Contains(LoadRequest.Number, StringComparison.Ordinal) == true
            || body?.Contains(LoadRequest.Slot, StringComparison.Ordinal) == true)
            lines.Add(Numbers(body));
        else if (request.ApiKeys.Count > 0)
            lines.AddRange([$"local keys = {{{string.Join(',', request.ApiKeys.Select(key => $"\"{key}\""))}}}", Turns]);

        return string.Join('\n', lines);
    }

    /// <summary>The headers of a request, made now.</summary>
    internal static IReadOnlyDictionary<string, string> HeadersOf(ServerUnderLoad server, LoadRequest request, string? body)
    {
        if (request.Sign is { } sign)
            return sign(body ?? "");

        Dictionary<string, string> headers = [];
        if (server.ApiKey is { } apiKey)
            headers["x-api-key"] = apiKey;

        if (body is not null)
            headers["Content-Type"] = "application/json";

        return headers;
    }

    private static WrkResult Read(string output, TimeSpan processorTime)
    {
        string line = output.Split('\n').FirstOrDefault(line => line.StartsWith("QKMS ", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"wrk did not finish: {output}");
        double[] values = [.. line.Split(' ')[1..].Select(value => double.Parse(value, CultureInfo.InvariantCulture))];
        return values[4] < values[0]
            ? new WrkResult(
                values[0] / values[1] * 1e6, values[2] / 1e3, values[3] / 1e3, processorTime.TotalMicroseconds / values[0], values[4])
            : throw new InvalidOperationException($"{values[4]} of {values[0]} requests failed.");
    }

    private static Process Start(IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true })!;
}
