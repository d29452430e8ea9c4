using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Qkms.Benchmarks.Timing;

/// <summary>
/// Medians of the time to refuse a ciphertext, cause by cause, in rounds: each round has every cause once, in an order of its own, each on
/// a ciphertext of its pool that was copied to the same place, so that what drifts drifts for all.
/// </summary>
/// <remarks>
/// The error of a difference is bootstrapped: the standard deviation of the difference of medians of samples that are drawn,
/// with replacement, from what was measured (Efron, 1979). A difference of more than four of its errors, and more than its
/// control has, is a finding.
/// </remarks>
internal static class FailureReport
{
    private const int WarmUp = 500;
    private const int Resamples = 300;

    /// <param name="args">Rounds, then a part of the names of the formats to run; both may be left out.</param>
    /// <param name="output">Receives a Markdown table.</param>
    internal static int Run(ReadOnlySpan<string> args, TextWriter output)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 4000;
        string part = args.Length > 1 ? args[1] : string.Empty;
        output.WriteLine(
            "| format | cause | calls | median, µs | median deviation, µs | difference to the first, ns | its error, ns | in errors |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (FailureExperiment experiment in FailureExperiments.All().Where(
            experiment => experiment.Format.Contains(part, StringComparison.Ordinal)))
            Report(experiment, Measure(experiment, rounds), output);

        return 0;
    }

    private static double[][] Measure(FailureExperiment experiment, int rounds)
    {
        int count = experiment.Causes.Count;
        double[][] nanoseconds = [.. Enumerable.Range(0, count).Select(_ => new double[rounds])];
        int[] order = [.. Enumerable.Range(0, count)];
        byte[] ciphertext = new byte[experiment.Causes[0].Pool[0].Length];
        for (int round = -WarmUp; round < rounds; round++)
        {
            RandomNumberGenerator.Shuffle(order.AsSpan());
            foreach (int cause in order)
            {
                byte[][] pool = experiment.Causes[cause].Pool;
                pool[RandomNumberGenerator.GetInt32(pool.Length)].CopyTo(ciphertext, 0);
                long start = Stopwatch.GetTimestamp();
                bool opened = experiment.TryOpen(cause, ciphertext);
                long ticks = Stopwatch.GetTimestamp() - start;
                if (opened)
                    throw new InvalidOperationException($"{experiment.Format}, {experiment.Causes[cause].Name}: it opened.");

                if (round >= 0)
                    nanoseconds[cause][round] = ticks * 1e9 / Stopwatch.Frequency;
            }
        }

        return nanoseconds;
    }

    private static void Report(FailureExperiment experiment, double[][] nanoseconds, TextWriter output)
    {
        double first = Median(nanoseconds[0]);
        for (int cause = 0; cause < nanoseconds.Length; cause++)
        {
            double median = Median(nanoseconds[cause]);
            double deviation = Median([.. nanoseconds[cause].Select(one => Math.Abs(one - median))]);
            double error = cause == 0 ? 0 : BootstrappedError(nanoseconds[0], nanoseconds[cause]);
            string comparison = cause == 0
                ? "| |"
                : string.Create(CultureInfo.InvariantCulture, $"{median - first:F0} | {error:F0} | {(median - first) / error:F1}");
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {experiment.Format} | {experiment.Causes[cause].Name} | {nanoseconds[cause].Length:N0} | {median / 1000:F2} | "
                + $"{deviation / 1000:F2} | {comparison} |"));
        }

        output.Flush();
    }

    private static double BootstrappedError(double[] one, double[] other)
    {
        double[] differences = new double[Resamples];
        for (int i = 0; i < differences.Length; i++)
            differences[i] = Median(Resample(other)) - Median(Resample(one));

        double mean = differences.Average();
        return Math.Sqrt(differences.Sum(difference => (difference - mean) * (difference - mean)) / (differences.Length - 1));
    }

    private static double[] Resample(double[] values) => RandomNumberGenerator.GetItems<double>(values, values.Length);

    private static double Median(double[] values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
