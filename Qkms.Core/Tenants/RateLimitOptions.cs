namespace Qkms.Core.Tenants;

/// <summary>How many cost units plans allow.</summary>
internal sealed record RateLimitOptions
{
    /// <summary>The limits of each plan, by its name, the smallest first.</summary>
    public IReadOnlyDictionary<string, PlanLimit> Plans { get; init; } = new Dictionary<string, PlanLimit>
    {
        [Smallest] = new(100, 2_000),
        ["starter"] = new(500, 5_000),
        ["growth"] = new(2_000, 20_000),
        ["pro"] = new(10_000, 200_000),
        ["enterprise"] = new(0, 1_000_000),
    };

    /// <summary>The part of its tenant's limit that one API key may use, in percent.</summary>
    public int ApiKeyPercent { get; init; } = 80;

    private const string Smallest = "free";

    /// <summary>The limit of a tenant. A plan that is not known is limited like the smallest.</summary>
    public PlanLimit OfTenant(string plan) => Plans.TryGetValue(plan, out PlanLimit? limit) ? limit : Plans[Smallest];

    /// <summary>The limit of each API key of such a tenant.</summary>
    public PlanLimit OfApiKey(string plan)
    {
        PlanLimit tenant = OfTenant(plan);
        return new PlanLimit(Part(tenant.CostUnitsPerSecond), Part(tenant.Burst));
    }

    private int Part(int whole) => (int)Math.Ceiling(whole * (ApiKeyPercent / 100.0));
}

/// <summary>The limit of a plan.</summary>
/// <param name="CostUnitsPerSecond">Cost units that become free each second; 0 = without a limit.</param>
/// <param name="Burst">Cost units that can be spent at once.</param>
internal sealed record PlanLimit(int CostUnitsPerSecond, int Burst)
{
    /// <summary>Whether there is none.</summary>
    public bool IsUnlimited => CostUnitsPerSecond == 0;
}
