using System.Globalization;

namespace Qkms.Benchmarks.Writes;

/// <summary>What <c>writes</c> was asked for.</summary>
internal sealed record WritesOptions
{
    internal const string Usage = "writes [--callers 1,8,32,128] [--rounds 5] [--seconds 3] [--warmup 8] [--directory where/the/file/lies] "
        + "[--postgres \"Host=…;Username=…\"]";

    /// <summary>How many write at the same time, each again as soon as it was answered.</summary>
    internal IReadOnlyList<int> Callers { get; private init; } = [1, 8, 32, 128];

    /// <summary>How often each is measured; the table shows medians.</summary>
    internal int Rounds { get; private init; } = 5;

    /// <summary>How long one measurement takes.</summary>
    internal int Seconds { get; private init; } = 3;

    /// <summary>How many seconds each writer runs before it is measured: its code is compiled again while it runs.</summary>
    internal int WarmUp { get; private init; } = 8;

    /// <summary>A directory on the disk that is meant; the system's for temporary files unless given.</summary>
    internal string Directory { get; private init; } = Path.GetTempPath();

    /// <summary>The connection string of a PostgreSQL server where a database may be made; without it only SQLite is measured.</summary>
    internal string? Postgres { get; private init; }

    /// <exception cref="FormatException">There is no such option.</exception>
    internal static WritesOptions Parse(ReadOnlySpan<string> args)
    {
        WritesOptions options = new();
        if (args.Length % 2 != 0)
            throw new FormatException(Usage);

        for (int i = 0; i < args.Length; i += 2)
        {
            string value = args[i + 1];
            options = args[i] switch
            {
                "--callers" => options with { Callers = [.. value.Split(',').Select(Number)] },
                "--rounds" => options with { Rounds = Number(value) },
                "--seconds" => options with { Seconds = Number(value) },
                "--warmup" => options with { WarmUp = Number(value) },
                "--directory" => options with { Directory = value },
                "--postgres" => options with { Postgres = value },
                _ => throw new FormatException(Usage),
            };
        }

        return options;
    }

    private static int Number(string value) => int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
}
