using System.Globalization;

namespace Qkms.Benchmarks.Load;

/// <summary>What <c>load</c> was asked for.</summary>
internal sealed record LoadOptions
{
    internal const string Usage =
        "load [--cases a,b] [--rounds 5] [--seconds 4] [--warmup 10] [--connections 1,8,32,128] [--postgres \"Host=…;Username=…\"] "
            + "[--svg picture.svg] [--peer name=http://host:port]... [--service path/to/Qkms.Api.dll [--setting Name=value]...]...";

    /// <summary>Names of the cases to run; none means all.</summary>
    internal IReadOnlyList<string> Cases { get; private init; } = [];

    /// <summary>How often each case is measured; the table shows medians.</summary>
    internal int Rounds { get; private init; } = 5;

    /// <summary>How long one measurement takes.</summary>
    internal int Seconds { get; private init; } = 4;

    /// <summary>How long each server is driven before it is measured: its code is compiled again while it runs.</summary>
    internal int Warmup { get; private init; } = 10;

    /// <summary>How many connections send requests one after another; each number is measured.</summary>
    internal IReadOnlyList<int> Connections { get; private init; } = [32];

    /// <summary>The connection string of a PostgreSQL server where databases may be made: the service is measured there as well.</summary>
    internal string? Postgres { get; private init; }

    /// <summary>Where a picture of the requests per second goes; null for none.</summary>
    internal string? Svg { get; private init; }

    /// <summary>Other servers that speak the protocol of AWS KMS, and run already.</summary>
    internal IReadOnlyList<(string Name, Uri Address)> Peers { get; private init; } = [];

    /// <summary>
    /// Builds of the service to measure beside the bare server; several can be compared in one run, or one with different settings.
    /// </summary>
    internal IReadOnlyList<MeasuredService> Services { get; private init; } = [];

    /// <exception cref="FormatException">There is no such option.</exception>
    internal static LoadOptions Parse(ReadOnlySpan<string> args)
    {
        LoadOptions options = new();
        if (args.Length % 2 != 0)
            throw new FormatException(Usage);

        for (int i = 0; i < args.Length; i += 2)
        {
            string value = args[i + 1];
            options = args[i] switch
            {
                "--cases" =>
                    options with { Cases = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) },
                "--rounds" => options with { Rounds = Number(value) },
                "--seconds" => options with { Seconds = Number(value) },
                "--warmup" => options with { Warmup = Number(value) },
                "--connections" => options with { Connections = [.. value.Split(',').Select(Number)] },
                "--postgres" => options with { Postgres = value },
                "--svg" => options with { Svg = value },
                "--peer" when value.Split('=', 2) is [var name, var address] =>
                    options with { Peers = [.. options.Peers, (name, new Uri(address))] },
                "--service" => options with { Services = [.. options.Services, new MeasuredService(Path.GetFullPath(value), [])] },
                "--setting" when options.Services is [.., var last] && value.Contains('=', StringComparison.Ordinal) =>
                    options with { Services = [.. options.Services.SkipLast(1), last.With(value)] },
                _ => throw new FormatException(Usage),
            };
        }

        return options.Services.Count > 0 ? options : options with
        {
            Services = [new MeasuredService(Path.Combine(AppContext.BaseDirectory, "Qkms.Api.dll"), []) { Label = "SQLite" }],
        };
    }

    /// <summary>The same with the first service on a database of a PostgreSQL server as well.</summary>
    internal LoadOptions On(string database) => this with { Services = [.. Services, Services[0].On(database)] };

    private static int Number(string value) => int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
}

/// <summary>A build of the service, and how it is set.</summary>
/// <param name="Assembly">The path of <c>Qkms.Api.dll</c>.</param>
/// <param name="Settings">Variables of its environment, such as <c>Qkms__Audit__Uses</c>, with their values.</param>
internal sealed record MeasuredService(string Assembly, IReadOnlyList<(string Name, string Value)> Settings)
{
    /// <summary>How the table calls it, if not by its path and settings.</summary>
    internal string? Label { get; init; }

    /// <summary>How the table calls it. A connection string may hold a password.</summary>
    internal string Name => Label ?? string.Join(
        ' ',
        Settings.Where(setting => !setting.Name.EndsWith("ConnectionString", StringComparison.OrdinalIgnoreCase))
            .Select(setting => $"{setting.Name}={setting.Value}")
            .Prepend(Assembly));

    /// <summary>The same with one setting more, <c>Name=value</c>.</summary>
    internal MeasuredService With(string setting)
    {
        string[] parts = setting.Split('=', 2);
        return this with { Settings = [.. Settings, (parts[0], parts[1])] };
    }

    /// <summary>The same on a database of a PostgreSQL server.</summary>
    internal MeasuredService On(string database) => this with
    {
        Label = Label is null ? $"{Name} PostgreSQL" : "PostgreSQL",
        Settings =
        [
            .. Settings,
            ("Qkms__Storage__Provider", "postgresql"),
            ("Qkms__Storage__ConnectionString", database),
        ],
    };
}
