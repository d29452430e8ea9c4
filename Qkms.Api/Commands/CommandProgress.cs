using System.Globalization;
using Qkms.Core.Backups;

namespace Qkms.Api.Commands;

/// <summary>
/// Says how far a command is that goes through many rows: in a bar on a terminal, with a line for each hundred thousand rows elsewhere.
/// </summary>
internal sealed class CommandProgress(TextWriter output, bool showBar) : IBackupProgress
{
    private const int BarWidth = 40;
    private const long RowsBetweenLines = 100_000;

    /// <inheritdoc/>
    public void At(string step, string table, int number, int tables, long rows)
    {
        if (showBar)
            output.Write($"\r[{new string('#', number * BarWidth / tables).PadRight(BarWidth)}] {step} {table}, "
                + string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows").PadRight(24));
        else if (rows > 0 && rows % RowsBetweenLines == 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{step} {table}: {rows:N0} rows"));

        output.Flush();
    }

    /// <summary>Takes the bar away.</summary>
    public void End()
    {
        if (showBar)
            output.Write($"\r{new string(' ', BarWidth + 70)}\r");
    }

    /// <summary>A number and what it counts, in words.</summary>
    public static string Counted(long number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:N0} {what}{(number == 1 ? "" : "s")}");
}

/// <summary>For scripts, which read the result.</summary>
internal sealed class NoProgress : IBackupProgress
{
    /// <inheritdoc/>
    public void At(string step, string table, int number, int tables, long rows)
    {
    }
}
