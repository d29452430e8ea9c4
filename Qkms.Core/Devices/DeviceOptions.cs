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

    /// <summary>
    /// The most devices of a tenant by its plan; 0 = without a limit. A plan that is not there is limited like the smallest.
    /// </summary>
    public IReadOnlyDictionary<string, int> MaxDevices { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        [SmallestPlan] = 10,
        ["starter"] = 100,
        ["growth"] = 1_000,
        ["pro"] = 10_000,
        ["enterprise"] = 0,
    };

    /// <summary>The time in which decryptions with a key are counted, to find keys with which many fail.</summary>
    public TimeSpan FailureWindow { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The fewest decryptions in that time that say something.</summary>
    public int FailureMinCalls { get; init; } = 20;

    /// <summary>The most of them that may fail, in percent, before the key is called failing.</summary>
    public int FailurePercent { get; init; } = 10;

    private const string SmallestPlan = "free";

    /// <summary>The most devices of a tenant with a plan; null = without a limit.</summary>
    public int? MaxDevicesOf(string plan) =>
        (MaxDevices.TryGetValue(plan, out int limit) ? limit : MaxDevices[SmallestPlan]) is > 0 and int most ? most : null;
}
