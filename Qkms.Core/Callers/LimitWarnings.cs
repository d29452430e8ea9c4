namespace Qkms.Core.Callers;

/// <summary>A version whose soft usage limit is reached.</summary>
/// <param name="Kid">The version.</param>
/// <param name="Used">Its uses so far.</param>
/// <param name="Soft">The soft limit.</param>
/// <param name="Max">The limit; null = there is none.</param>
internal sealed record UsageWarning(Kid Kid, long Used, long Soft, long? Max)
{
    /// <summary>How many uses are left.</summary>
    public long Left => Max is { } max ? max - Used : long.MaxValue;

    /// <summary>The warning for people.</summary>
    public string Text => Max is { } max
        ? $"{Used} of {max} uses of key '{Kid}' are used; its soft limit is {Soft}."
        : $"Key '{Kid}' was used {Used} times; its soft limit is {Soft}.";
}

/// <summary>A version whose soft expiry has come.</summary>
/// <param name="Kid">The version.</param>
/// <param name="Soft">The soft expiry.</param>
/// <param name="ExpiresAt">When it expires; null = never.</param>
internal sealed record ExpirationWarning(Kid Kid, DateTimeOffset Soft, DateTimeOffset? ExpiresAt)
{
    /// <summary>When the version ends; the end of time where it never expires.</summary>
    public DateTimeOffset End => ExpiresAt ?? DateTimeOffset.MaxValue;

    /// <summary>The warning for people.</summary>
    public string Text => ExpiresAt is { } at
        ? $"Key '{Kid}' expires at {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}."
        : $"The soft expiry of key '{Kid}' was at {Soft.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}.";
}
