using System.Diagnostics;
using System.Globalization;

namespace Qkms.Benchmarks.Engines;

/// <summary>
/// The engines beside each other in one process, one thread: every round measures each case once, in turn, so that what else the machine
/// does falls on all alike. Medians of the rounds, and the ratio to the first of the same operation.
/// </summary>
internal static class EngineReport
{
    private const int UsualRounds = 15;
    private static readonly TimeSpan _portion = TimeSpan.FromMilliseconds(60);

    /// <summary>The vector paths of the managed engine, and the setting of the runtime that leaves each as the best one.</summary>
    private static readonly (string Path, string Setting)[] _paths =
        [("all that the machine has", "DOTNET_EnableAVX512=1"), ("without AVX-512", "DOTNET_EnableAVX512=0"),
            ("without AVX2", "DOTNET_EnableAVX2=0")];

    internal static int Run(ReadOnlySpan<string> arguments, TextWriter output)
    {
        if (arguments is ["--paths", .. ReadOnlySpan<string> rest])
            return RunEachPath([.. rest], output);
        int rounds = arguments is ["--rounds", string text] ? int.Parse(text, CultureInfo.InvariantCulture) : UsualRounds;
        EngineCase[] cases = [.. EngineCases.All()];
        int[] counts = [.. cases.Select(Calibrate)];
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

        output.WriteLine("| operation | by | median, µs | to the first |\n|---|---|---|---|");
        foreach (IGrouping<string, (EngineCase Case, double Median)> operation in cases.Zip(
            times.Select(Median), (measured, median) => (Case: measured, Median: median))
            .GroupBy(pair => pair.Case.Operation))
        {
            double first = operation.First().Median;
            foreach ((EngineCase measured, double median) in operation)
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"| {measured.Operation} | {measured.By} | {median:F1} | {median / first:F2} |"));
        }

        return 0;
    }

    // Which instructions there are is decided when a process starts.
    private static int RunEachPath(string[] arguments, TextWriter output)
    {
        foreach ((string path, string setting) in _paths)
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

    // Warm, and as many as fit into a portion of a round.
    private static int Calibrate(EngineCase measured)
    {
        for (int count = 1; ; count *= 2)
        {
            measured.Run(count);
            long start = Stopwatch.GetTimestamp();
            measured.Run(count);
            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            if (taken >= _portion / 2)
                return Math.Max(1, (int)(count * (_portion / taken)));
        }
    }

    private static double Median(List<double> times)
    {
        times.Sort();
        return times[times.Count / 2];
    }
}
