using System.Diagnostics;
using System.Globalization;

namespace Qkms.Benchmarks.Engines;

/// <summary>
/// The engines beside each other in one process, one thread: every round measures each case once, in turn, so that what else the machine
/// does falls on all alike. Medians of the rounds, and how many times as fast as the first of the same operation. Where the machine is
/// busy, many rounds of short portions say more: most of them are not interrupted.
/// </summary>
internal static class EngineReport
{
    private const int UsualRounds = 15;
    private const double UsualPortion = 60;
    private const string Usage = "engines [--paths] [--rounds 15] [--portion MILLISECONDS] [--only TEXT-IN-THE-OPERATION]";

    /// <summary>The vector paths of the managed engine, and the setting of the runtime that leaves each as the best one.</summary>
    internal static readonly (string Path, string Setting)[] Paths =
        [("all that the machine has", "DOTNET_EnableAVX512=1"), ("without AVX-512", "DOTNET_EnableAVX512=0"),
            ("without AVX2", "DOTNET_EnableAVX2=0")];

    internal static int Run(ReadOnlySpan<string> arguments, TextWriter output)
    {
        if (arguments is ["--paths", .. ReadOnlySpan<string> rest])
            return RunEachPath([.. rest], output);
        (int rounds, double portion, string only) = Parse(arguments);
        EngineCase[] cases = [.. EngineCases.All().Where(one => one.Operation.Contains(only, StringComparison.Ordinal))];
        int[] counts = [.. cases.Select(one => Calibrate(one, TimeSpan.FromMilliseconds(portion)))];
        List<double>[] times = [.. cases.Select(_ => new List<double>(rounds))];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < cases.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                cases[i].Run(counts[i]);
                times[i].Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / counts[i]);
            }
        }

        output.WriteLine("| operation | by | median, µs | times as fast as the first |\n|---|---|---|---|");
        foreach (IGrouping<string, (EngineCase Case, double Median)> operation in cases.Zip(
            times.Select(Median), (measured, median) => (Case: measured, Median: median))
            .GroupBy(pair => pair.Case.Operation))
        {
            double first = operation.First().Median;
            foreach ((EngineCase measured, double median) in operation)
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"| {measured.Operation} | {measured.By} | {median:F1} | {first / median:F2} |"));
        }

        return 0;
    }

    // Which instructions there are is decided when a process starts.
    private static int RunEachPath(string[] arguments, TextWriter output)
    {
        foreach ((string path, string setting) in Paths)
        {
            output.WriteLine($"\n{path}:\n");
            output.Flush();
            ProcessStartInfo start = new("dotnet", [typeof(EngineReport).Assembly.Location, "engines", .. arguments]);
            start.Environment[setting.Split('=')[0]] = setting.Split('=')[1];
            using Process child = Process.Start(start)!;
            child.WaitForExit();
            if (child.ExitCode != 0)
                return child.ExitCode;
        }

        return 0;
    }

    private static (int Rounds, double Portion, string Only) Parse(ReadOnlySpan<string> arguments)
    {
        (int rounds, double portion, string only) = (UsualRounds, UsualPortion, "");
        if (arguments.Length % 2 != 0)
            throw new FormatException(Usage);
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = arguments[i + 1];
            (rounds, portion, only) = arguments[i] switch
            {
                "--rounds" => (int.Parse(value, CultureInfo.InvariantCulture), portion, only),
                "--portion" => (rounds, double.Parse(value, CultureInfo.InvariantCulture), only),
                "--only" => (rounds, portion, value),
                _ => throw new FormatException(Usage),
            };
        }

        return (rounds, portion, only);
    }

    // Warm, and as many as fit into a portion of a round.
    private static int Calibrate(EngineCase measured, TimeSpan portion)
    {
        for (int count = 1; ; count *= 2)
        {
            measured.Run(count);
            long start = Stopwatch.GetTimestamp();
            measured.Run(count);
            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            if (taken >= portion / 2)
                return Math.Max(1, (int)(count * (portion / taken)));
        }
    }

    private static double Median(List<double> times)
    {
        times.Sort();
        return times[times.Count / 2];
    }
}
