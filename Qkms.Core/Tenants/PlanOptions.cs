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
        [Free] = new() { MaxApiKeys = 1, MaxDevices = 10 },
        ["starter"] = new() { MaxApiKeys = 3, MaxDevices = 100 },
        ["growth"] = new() { MaxApiKeys = 5, MaxDevices = 1_000 },
        ["pro"] = new() { MaxApiKeys = 10, MaxDevices = 10_000 },
        [Enterprise] = new(),
    };

    /// <summary>What a plan allows. One that this build does not know is limited like the smallest.</summary>
    public PlanLimits Of(string plan) => Plans.TryGetValue(plan, out PlanLimits? limits) ? limits : Plans[Free];
}

/// <summary>What a plan allows; 0 = without a limit.</summary>
internal sealed record PlanLimits
{
    /// <summary>The most API keys that can be used at the same time.</summary>
    public int MaxApiKeys { get; init; }

    /// <summary>The most devices with a key that is not destroyed.</summary>
    public int MaxDevices { get; init; }
}
