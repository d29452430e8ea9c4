namespace Qkms.Core.Devices;

/// <summary>The limits of devices' keys.</summary>
internal sealed record DeviceOptions
{
    /// <summary>How long a key encrypts, from its generation.</summary>
    public TimeSpan KeyLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The most keys that are generated for a device in any 24 hours.</summary>
    public int GenerationsPerDay { get; init; } = 5;

    /// <summary>How long a key decrypts after its retirement.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(90);

    /// <summary>The hash of OAEP that new RSA keys get, as <see cref="Algorithms.OaepHash"/> names it.</summary>
    public string OaepHash { get; init; } = Algorithms.OaepHash.Default;

    /// <summary>The longest ciphertext, in bytes.</summary>
    public int MaxCiphertext { get; init; } = 2048;

    /// <summary>The time in which decryptions with a key are counted, to find keys with which many fail.</summary>
    public TimeSpan FailureWindow { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The fewest decryptions in that time that say something.</summary>
    public int FailureMinCalls { get; init; } = 20;

    /// <summary>The most of them that may fail, in percent, before the key is called failing.</summary>
    public int FailurePercent { get; init; } = 10;
}
