namespace Qkms.Core.Uses;

/// <summary>How many expanded private keys stay in memory, and how long.</summary>
public sealed record MaterialCacheOptions
{
    /// <summary>Maximum number of keys. An expanded key takes up to 150 KB (ML-DSA-87).</summary>
    public int MaxKeys { get; init; } = 1000;

    /// <summary>
    /// Maximum time that a key is used. It is zeroed at most a quarter of that time later, and at most a minute, and unwrapped again when it is
    /// needed.
    /// </summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(10);
}
