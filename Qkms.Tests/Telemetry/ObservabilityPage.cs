using System.Text.RegularExpressions;

namespace Qkms.Tests.Telemetry;

/// <summary>The table of instruments in docs/observability.md.</summary>
internal static partial class ObservabilityPage
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "observability.md"));

    public static IReadOnlyList<Row> Instruments { get; } = [.. Line().Matches(Text).Select(match => new Row(
        match.Groups[1].Value,
        match.Groups[2].Value,
        match.Groups[3].Value,
        [.. Name().Matches(match.Groups[4].Value).Select(label => label.Groups[1].Value)],
        match.Groups[5].Value))];

    [GeneratedRegex(@"^\| `(qkms\.[a-z_.]+)` \| ([a-z-]+) \| `([^`]+)` \|([^|]*)\| ([^|]+?) \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();

    internal sealed record Row(string Name, string Kind, string Unit, IReadOnlyList<string> Labels, string Meaning);
}
