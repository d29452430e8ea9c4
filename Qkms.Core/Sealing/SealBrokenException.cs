namespace Qkms.Core.Sealing;

/// <summary>
/// Something from the database does not open or does not match its seal: it was damaged, moved, or written by somebody else.
/// The message names the thing by its identifiers; callers of the API see an internal error only.
/// </summary>
public sealed class SealBrokenException : Exception
{
    /// <summary>Names what is broken.</summary>
    public SealBrokenException(string what)
        : base($"The protection of {what} does not hold: the stored data was changed, moved or damaged.") => What = what;

    /// <summary>The broken thing, by its identifiers.</summary>
    public string What { get; }
}
