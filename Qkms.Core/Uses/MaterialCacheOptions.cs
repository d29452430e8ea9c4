namespace Qkms.Core.Uses;

/// <summary>How many expanded private keys stay in memory, and how long.</summary>
public sealed record MaterialCacheOptions
{
    /// <summary><c>Qkms:Materials:MaxKeys</c>: at most so many, 1 to 100,000. An expanded key takes up to 150 KB (ML-DSA-87).</summary>
    public int MaxKeys { get; init; } = 1000;

    /// <summary><c>Qkms:Materials:MaxAge</c>: none is used longer, 1 second to 1 day. A quarter of it later, at most a minute, it is zeroed; when it is needed it is unwrapped anew.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Refuses what is out of range.</summary>
    /// <exception cref="SettingsException">The message names the setting.</exception>
    public void Validate()
    {
        if (MaxKeys is < 1 or > 100_000)
            throw new SettingsException("Qkms:Materials:MaxKeys must be from 1 to 100000.");

        if (MaxAge < TimeSpan.FromSeconds(1) || MaxAge > TimeSpan.FromDays(1))
            throw new SettingsException("Qkms:Materials:MaxAge must be from 00:00:01 to 1.00:00:00.");
    }
}
