using System.Globalization;
using System.Net;
using System.Text;

namespace Qkms.Benchmarks.Load;

/// <summary>
/// Draws requests per second as SVG: one small chart for each operation, one line for each server, the connections from left to right.
/// </summary>
internal static class LoadPicture
{
    private const int Columns = 3;
    private const int Width = 300;
    private const int Height = 210;
    private const int Left = 52;
    private const int Top = 30;
    private const int PlotWidth = 230;
    private const int PlotHeight = 140;
    private const int Legend = 30;

    // Told apart in grey, and by who does not see red or green.
    private static readonly string[] _colours = ["#767676", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#f0e442"];

    private static readonly int[] _steps = [1, 2, 5, 10];

    internal static string Draw(IReadOnlyList<LoadRow> rows)
    {
        string[] operations = [.. rows.Select(row => row.Operation).Distinct()];
        string[] servers = [.. rows.Select(row => row.Server).Distinct()];
        int height = Legend + Height * ((operations.Length + Columns - 1) / Columns);
        StringBuilder svg = new();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Columns * Width}" height="{height}" font-family="sans-serif" font-size="11">
            <title>Requests per second by number of connections</title>
            <rect width="100%" height="100%" fill="#ffffff"/>
            """);
        for (int i = 0; i < servers.Length; i++)
            svg.AppendLine(CultureInfo.InvariantCulture, $"""
                <rect x="{Left + 150 * i}" y="10" width="14" height="4" fill="{ColourOf(i)}"/>
                <text x="{Left + 20 + 150 * i}" y="16">{WebUtility.HtmlEncode(servers[i])}</text>
                """);

        for (int i = 0; i < operations.Length; i++)
            Chart(
                svg,
                [.. rows.Where(row => row.Operation == operations[i])],
                servers,
                Width * (i % Columns),
                Legend + Height * (i / Columns));

        return svg.AppendLine("</svg>").ToString();
    }

    private static void Chart(StringBuilder svg, LoadRow[] rows, string[] servers, int x, int y)
    {
        int[] connections = [.. rows.Select(row => row.Connections).Distinct().Order()];
        double most = RoundUp(rows.Max(row => row.Figures.RequestsPerSecond));
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<g transform="translate({x},{y})">""");
        string title = WebUtility.HtmlEncode(rows[0].Operation);
        svg.AppendLine(CultureInfo.InvariantCulture, $"""<text x="{Left}" y="20" font-weight="bold">{title}</text>""");
        foreach (double share in new[] { 0, 0.5, 1 })
            svg.AppendLine(CultureInfo.InvariantCulture, $"""
                <line x1="{Left}" x2="{Left + PlotWidth}" y1="{YOf(share):F1}" y2="{YOf(share):F1}" stroke="#dddddd"/>
                <text x="{Left - 6}" y="{YOf(share) + 4:F1}" text-anchor="end">{most * share:N0}</text>
                """);

        for (int i = 0; i < connections.Length; i++)
            svg.AppendLine(CultureInfo.InvariantCulture, $"""
                <text x="{XOf(i, connections.Length):F1}" y="{Top + PlotHeight + 16}" text-anchor="middle">{connections[i]}</text>
                """);

        for (int server = 0; server < servers.Length; server++)
        {
            (double X, double Y)[] points =
            [
                .. rows.Where(row => row.Server == servers[server]).Select(row => (
                    XOf(Array.IndexOf(connections, row.Connections), connections.Length), YOf(row.Figures.RequestsPerSecond / most))),
            ];
            string colour = ColourOf(server);
            string path = string.Join(
                ' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.X:F1},{point.Y:F1}")));
            svg.AppendLine(CultureInfo.InvariantCulture, $"""<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>""");
            foreach ((double pointX, double pointY) in points)
                svg.AppendLine(CultureInfo.InvariantCulture, $"""<circle cx="{pointX:F1}" cy="{pointY:F1}" r="3" fill="{colour}"/>""");
        }

        svg.AppendLine("</g>");
    }

    private static string ColourOf(int server) => _colours[server % _colours.Length];

    private static double XOf(int i, int count) => Left + PlotWidth * (count == 1 ? 0.5 : 0.06 + 0.88 * i / (count - 1));

    private static double YOf(double share) => Top + PlotHeight * (1 - share);

    // 1, 2 or 5 times a power of ten.
    private static double RoundUp(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return power * _steps.First(step => step * power >= value);
    }
}
