using System.Globalization;

namespace Qkms.Core.Journal;

/// <summary>
/// What the event of a trimming has as its reason: <c>up to position 41; 9f86d0…</c>. It names the last event that was removed by its
/// position and its leaf hash, as the row of the stream does.
/// </summary>
internal static class TrimReason
{
    /// <summary>The text.</summary>
    /// <param name="position">The position of the last event that was removed.</param>
    /// <param name="hash">Its leaf hash.</param>
    public static string Describe(long position, ReadOnlySpan<byte> hash) =>
        string.Create(CultureInfo.InvariantCulture, $"up to position {position}; {Convert.ToHexStringLower(hash)}");
}
