using Qkms.Core.Tenants;

namespace Qkms.Api.Hosting;

/// <summary>The settings of a plan.</summary>
/// <param name="Name">The plan, as rows of tenants name it.</param>
/// <param name="VersionsPerKey">The most versions of a key.</param>
/// <param name="GenerationsPerDay">The most versions generated in 24 hours.</param>
/// <param name="MaxApiKeys">The most active API keys.</param>
/// <param name="MaxDevices">The most devices.</param>
/// <param name="CostUnitsPerSecond">How many cost units become free each second.</param>
/// <param name="Burst">How many can be spent at once.</param>
internal sealed record PlanSettings(
    string Name,
    Setting<int> VersionsPerKey,
    Setting<int> GenerationsPerDay,
    Setting<int> MaxApiKeys,
    Setting<int> MaxDevices,
    Setting<int> CostUnitsPerSecond,
    Setting<int> Burst)
{
    /// <summary>Every setting of the plan.</summary>
    public IReadOnlyList<Setting> All => [VersionsPerKey, GenerationsPerDay, MaxApiKeys, MaxDevices, CostUnitsPerSecond, Burst];

    /// <summary>The settings of a plan.</summary>
    /// <param name="name">The plan.</param>
    /// <param name="defaults">What it allows when nothing is set.</param>
    public static PlanSettings Of(string name, PlanLimits defaults) => new(
        name,
        Setting.Number(
            $"Plans:{name}:VersionsPerKey",
            defaults.VersionsPerKey,
            0,
            1_000_000,
            $"Most versions of a key, destroyed ones not counted, of a tenant with the plan `{name}`; 0 for no limit ([plans](plans.md))."),
        Setting.Number(
            $"Plans:{name}:GenerationsPerDay",
            defaults.GenerationsPerDay,
            0,
            1_000_000,
            $"Most versions that a tenant with the plan `{name}` generates in any 24 hours; 0 for no limit ([plans](plans.md))."),
        Setting.Number(
            $"Plans:{name}:MaxApiKeys",
            defaults.MaxApiKeys,
            0,
            1_000_000,
            $"Most active API keys of a tenant with the plan `{name}`; 0 for no limit ([API keys](api-keys.md#how-many))."),
        Setting.Number(
            $"Plans:{name}:MaxDevices",
            defaults.MaxDevices,
            0,
            1_000_000_000,
            $"Most devices of a tenant with the plan `{name}`; 0 for no limit ([devices](devices.md#limits))."),
        Setting.Number(
            $"Plans:{name}:CostUnitsPerSecond",
            defaults.CostUnitsPerSecond,
            0,
            1_000_000,
            $"Cost units a second that a tenant with the plan `{name}` may spend on each node; 0 for no limit "
                + "([rate limits](rate-limits.md))."),
        Setting.Number(
            $"Plans:{name}:Burst",
            defaults.Burst,
            1_000,
            10_000_000,
            $"Cost units that a tenant with the plan `{name}` may spend at once."));

    /// <summary>What a configuration says.</summary>
    public PlanLimits Read(IConfiguration configuration) => new()
    {
        VersionsPerKey = VersionsPerKey.Read(configuration),
        GenerationsPerDay = GenerationsPerDay.Read(configuration),
        MaxApiKeys = MaxApiKeys.Read(configuration),
        MaxDevices = MaxDevices.Read(configuration),
        CostUnitsPerSecond = CostUnitsPerSecond.Read(configuration),
        Burst = Burst.Read(configuration),
    };
}
