using System.Globalization;

namespace Qkms.Benchmarks.Scale;

/// <summary>What <c>scale</c> was asked for.</summary>
internal sealed record ScaleOptions
{
    internal const string Usage =
        "scale --directory where/the/data/is/kept [--postgres \"Host=…;Username=…\"] [--tenants 10000] [--versions 1000000] [--long 10000] "
        + "[--writers 64] [--rounds 5] [--seconds 4] [--warmup 8] [--connections 8] [--service path/to/Qkms.Api.dll]";

    /// <summary>Where the two installations are kept; a run that was cut off goes on there.</summary>
    internal required string Directory { get; init; }

    /// <summary>The connection string of a PostgreSQL server where databases may be made; SQLite without it.</summary>
    internal string? Postgres { get; private init; }

    /// <summary>How many tenants there are beside the first.</summary>
    internal int Tenants { get; private init; } = 10_000;

    /// <summary>How many key versions these have together.</summary>
    internal int Versions { get; private init; } = 1_000_000;

    /// <summary>How many versions the longest key has; it belongs to the first tenant.</summary>
    internal int Long { get; private init; } = 10_000;

    /// <summary>How many tenants are filled at the same time.</summary>
    internal int Writers { get; private init; } = 64;

    /// <summary>How often each is measured; the table shows medians.</summary>
    internal int Rounds { get; private init; } = 5;

    /// <summary>How long one measurement takes.</summary>
    internal int Seconds { get; private init; } = 4;

    /// <summary>How long each request is sent before it is measured.</summary>
    internal int Warmup { get; private init; } = 8;

    /// <summary>How many connections send requests one after another.</summary>
    internal int Connections { get; private init; } = 8;

    /// <summary>The build of the service.</summary>
    internal string Service { get; private init; } = Path.Combine(AppContext.BaseDirectory, "Qkms.Api.dll");

    /// <exception cref="FormatException">There is no such option, or no directory is named.</exception>
    internal static ScaleOptions Parse(ReadOnlySpan<string> args)
    {
        ScaleOptions options = new() { Directory = "" };
        if (args.Length % 2 != 0)
            throw new FormatException(Usage);

        for (int i = 0; i < args.Length; i += 2)
        {
            string value = args[i + 1];
            options = args[i] switch
            {
                "--directory" => options with { Directory = Path.GetFullPath(value) },
                "--postgres" => options with { Postgres = value },
                "--tenants" => options with { Tenants = Number(value) },
                "--versions" => options with { Versions = Number(value) },
                "--long" => options with { Long = Number(value) },
                "--writers" => options with { Writers = Number(value) },
                "--rounds" => options with { Rounds = Number(value) },
                "--seconds" => options with { Seconds = Number(value) },
                "--warmup" => options with { Warmup = Number(value) },
                "--connections" => options with { Connections = Number(value) },
                "--service" => options with { Service = Path.GetFullPath(value) },
                _ => throw new FormatException(Usage),
            };
        }

        return options.Directory.Length > 0 ? options : throw new FormatException(Usage);
    }

    private static int Number(string value) => int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
}
