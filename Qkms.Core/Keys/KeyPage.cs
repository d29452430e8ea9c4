namespace Qkms.Core.Keys;

/// <summary>One page of a list of key versions.</summary>
/// <param name="Versions">The versions, newest first.</param>
/// <param name="Unreadable">The kids of rows whose seal does not hold. They belong to the page and are shown as damaged, not as absent.</param>
/// <param name="Total">How many versions the whole list has.</param>
/// <param name="NextCursor">Where the next page begins; null = this is the last.</param>
public sealed record KeyPage(IReadOnlyList<KeyVersion> Versions, IReadOnlyList<string> Unreadable, long Total, string? NextCursor);
