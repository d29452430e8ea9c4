using System.Globalization;

namespace Qkms.Core.Journal;

/// <summary>
/// What an event of a use has as its reason: <c>encrypt 1, 5 in all</c>. It names the count, so that a counter that is set back disagrees
/// with the journal.
/// </summary>
internal static class UseReason
{
    private const string Separator = ", ";
    private const string End = " in all";

    /// <summary>The text.</summary>
    /// <param name="operation">What was done.</param>
    /// <param name="count">How often.</param>
    /// <param name="inAll">How many uses the version has after it.</param>
    public static string Describe(string operation, long count, long inAll) =>
        string.Create(CultureInfo.InvariantCulture, $"{operation} {count}{Separator}{inAll}{End}");

    /// <summary>What was done; null when the text is not such a reason.</summary>
    public static string? ReadOperation(string? reason) =>
        ReadCount(reason) is not null && reason!.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end ? reason[..end] : null;

    /// <summary>How many uses the version had after it; null when the text is not such a reason.</summary>
    public static long? ReadCount(string? reason)
    {
        if (reason is null || !reason.EndsWith(End, StringComparison.Ordinal))
            return null;

        ReadOnlySpan<char> before = reason.AsSpan(0, reason.Length - End.Length);
        int begin = before.LastIndexOf(Separator, StringComparison.Ordinal);
        return begin >= 0
            && long.TryParse(before[(begin + Separator.Length)..], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                ? count
                : null;
    }
}
