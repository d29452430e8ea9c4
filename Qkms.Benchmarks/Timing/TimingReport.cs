using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Qkms.Benchmarks.Timing;

/// <summary>
/// A statistical test of timing in the manner of dudect (Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?", 2016):
/// classes drawn at random for every measurement, Welch's t-test on all measurements and on those below each of a hundred percentiles,
/// the largest |t| reported.
/// </summary>
/// <remarks>
/// |t| above 10 is a leak that was measured, above 4.5 a suspicion to measure again; below, nothing was found with so many measurements,
/// which is no proof. "Warm" repeats the operation; "cold" pushes code and data out of the first two caches before each measurement. Every
/// experiment comes twice: its control compares two pools of the first class, and says what noise gives.
/// </remarks>
internal static class TimingReport
{
    private const int Percentiles = 100;

    /// <summary>Measurements from which the percentiles are taken.</summary>
    private const int Calibration = 2000;

    /// <summary>More than the second cache of the machines in use.</summary>
    private static readonly byte[] _evicting = new byte[8 << 20];

    /// <param name="args">Measurements of each warm experiment, then a part of the names of the experiments to run; both
    /// may be left out.</param>
    /// <param name="output">Receives a Markdown table.</param>
    internal static int Run(ReadOnlySpan<string> args, TextWriter output)
    {
        int warm = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 200_000;
        string part = args.Length > 1 ? args[1] : string.Empty;
        int cold = int.Max(warm / 40, 4 * Calibration);
        output.WriteLine(
            "| operation, first class / second class | caches | measurements per class | difference of means, ns | "
            + "max abs t | control max abs t |");
        output.WriteLine("|---|---|---|---|---|---|");
        foreach (TimingExperiment experiment in TimingExperiments.All().Where(
            experiment => experiment.Name.Contains(part, StringComparison.Ordinal)))
        {
            Report(experiment, warm, evict: false, output);
            Report(experiment, cold, evict: true, output);
        }

        return 0;
    }

    private static void Report(TimingExperiment experiment, int measurements, bool evict, TextWriter output)
    {
        (WelchTest[] tests, double nanoseconds) = Measure(experiment, measurements, evict, isControl: false);
        (WelchTest[] control, _) = Measure(experiment, measurements, evict, isControl: true);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {experiment.Name} | {(evict ? "cold" : "warm")} | {tests[^1].Count:N0} | {nanoseconds:F1} | "
            + $"{Largest(tests):F1} | {Largest(control):F1} |"));
        output.Flush();
    }

    /// <summary>
    /// The last test has all measurements, the others those below a percentile; the difference is that of the measurements below the 90th.
    /// </summary>
    private static (WelchTest[] Tests, double Nanoseconds) Measure(
        TimingExperiment experiment, int measurements, bool evict, bool isControl)
    {
        // The operation is compiled and its tables are loaded before anything is measured.
        for (int i = 0; i < 300; i++)
        {
            experiment.Prepare(i & 1);
            experiment.Work();
        }

        long[] calibration = new long[Calibration];
        for (int i = 0; i < calibration.Length; i++)
            calibration[i] = MeasureOnce(experiment, i & 1, evict);
        Array.Sort(calibration);

        // As dudect has it: percentiles that lie closer together towards the fast end's opposite, 1 - 0.5^(10·i/n).
        long[] limits = new long[Percentiles];
        for (int i = 0; i < Percentiles; i++)
            limits[i] = calibration[(int)((1 - Math.Pow(0.5, 10.0 * (i + 1) / Percentiles)) * (Calibration - 1))];

        var tests = new WelchTest[Percentiles + 1];
        for (int i = 0; i < tests.Length; i++)
            tests[i] = new WelchTest();
        var typical = new WelchTest();
        long typicalLimit = calibration[Calibration * 9 / 10];
        byte[] classes = new byte[1024];
        for (int i = 0; i < measurements; i++)
        {
            if (i % classes.Length == 0)
                RandomNumberGenerator.Fill(classes);
            int @class = classes[i % classes.Length] & 1;
            long ticks = MeasureOnce(experiment, isControl ? 2 * @class : @class, evict);
            for (int k = 0; k < Percentiles; k++)
            {
                if (ticks <= limits[k])
                    tests[k].Add(@class, ticks);
            }

            tests[^1].Add(@class, ticks);
            if (ticks <= typicalLimit)
                typical.Add(@class, ticks);
        }

        return (tests, typical.Difference * 1e9 / Stopwatch.Frequency);
    }

    private static long MeasureOnce(TimingExperiment experiment, int @class, bool evict)
    {
        experiment.Prepare(@class);
        if (evict)
        {
            for (int i = 0; i < _evicting.Length; i += 64)
                _evicting[i]++;
        }

        long start = Stopwatch.GetTimestamp();
        experiment.Work();
        return Stopwatch.GetTimestamp() - start;
    }

    private static double Largest(WelchTest[] tests) => tests.Where(test => test.Count > 500).Max(test => Math.Abs(test.T));
}
