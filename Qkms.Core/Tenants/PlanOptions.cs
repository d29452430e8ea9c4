namespace Qkms.Core.Tenants;

/// <summary>The plans of tenants, and what each allows.</summary>
internal sealed record PlanOptions
{
    /// <summary>The smallest plan.</summary>
    public const string Free = "free";

    /// <summary>The plan without limits.</summary>
    public const string Enterprise = "enterprise";

    /// <summary>The plans by their names, the smallest first.</summary>
    public IReadOnlyDictionary<string, PlanLimits> Plans { get; init; } = new Dictionary<string, PlanLimits>(StringComparer.Ordinal)
    {
        [Free] = new()
        {
            VersionsPerKey = 3,
            GenerationsPerDay = 20,
            MaxApiKeys = 1,
            MaxDevices = 10,
            CostUnitsPerSecond = 100,
            Burst = 2_000,
        },
        ["starter"] = new()
        {
            VersionsPerKey = 10,
            GenerationsPerDay = 100,
            MaxApiKeys = 3,
            MaxDevices = 100,
            CostUnitsPerSecond = 500,
            Burst = 5_000,
        },
        ["growth"] = new()
        {
            VersionsPerKey = 25,
            GenerationsPerDay = 1_000,
            MaxApiKeys = 5,
            MaxDevices = 1_000,
            CostUnitsPerSecond = 2_000,
            Burst = 20_000,
        },
        ["pro"] = new()
        {
            VersionsPerKey = 100,
            GenerationsPerDay = 10_000,
            MaxApiKeys = 10,
            MaxDevices = 10_000,
            CostUnitsPerSecond = 10_000,
            Burst = 200_000,
        },
        [Enterprise] = new(),
    };

    /// <summary>The names of the plans, the smallest first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. new PlanOptions().Plans.Keys];

    /// <summary>What a plan allows. One that this build does not know is limited like the smallest.</summary>
    public PlanLimits Of(string plan) => Plans.TryGetValue(plan, out PlanLimits? limits) ? limits : Plans[Free];
}

/// <summary>What a plan allows; 0 = without a limit.</summary>
internal sealed record PlanLimits
{
    /// <summary>The most versions of a key that are not destroyed.</summary>
    public int VersionsPerKey { get; init; }

    /// <summary>The most versions that are generated in any 24 hours, of all keys; those of devices have a limit of their own.</summary>
    public int GenerationsPerDay { get; init; }

    /// <summary>The most API keys that can be used at the same time.</summary>
    public int MaxApiKeys { get; init; }

    /// <summary>Cost units that become free each second, on each node.</summary>
    public int CostUnitsPerSecond { get; init; }

    /// <summary>Cost units that can be spent at once.</summary>
    public int Burst { get; init; } = 1_000_000;

    /// <summary>The most devices with a key that is not destroyed.</summary>
    public int MaxDevices { get; init; }
}
