using System.Threading.RateLimiting;
using Qkms.Core.Tenants;

namespace Qkms.Api.Http;

/// <summary>
/// The cost units that tenants and API keys may spend on this node, by the plans of the tenants. Buckets that are full again are dropped.
/// </summary>
internal sealed class RateLimits : IDisposable
{
    private readonly RateLimitOptions _options;
    private readonly PartitionedRateLimiter<Caller> _ofApiKeys;
    private readonly PartitionedRateLimiter<Caller> _ofTenants;

    public RateLimits(RateLimitOptions options)
    {
        _options = options;

        // A change of the plan makes a new bucket.
        _ofApiKeys = PartitionedRateLimiter.Create<Caller, (Guid, string)>(caller => RateLimitPartition.GetTokenBucketLimiter(
            (caller.CredentialId.Value, caller.Plan), key => BucketOf(_options.OfApiKey(key.Item2))));
        _ofTenants = PartitionedRateLimiter.Create<Caller, (Guid, string)>(caller => RateLimitPartition.GetTokenBucketLimiter(
            (caller.TenantId.Value, caller.Plan), key => BucketOf(_options.OfTenant(key.Item2))));
    }

    /// <summary>What a caller may spend; null where his plan has no limit.</summary>
    public ICostBudget? BudgetOf(Caller caller) => _options.OfTenant(caller.Plan).IsUnlimited ? null : new Budget(this, caller);

    public void Dispose()
    {
        _ofApiKeys.Dispose();
        _ofTenants.Dispose();
    }

    private static TokenBucketRateLimiterOptions BucketOf(PlanLimit limit) => new()
    {
        TokenLimit = limit.Burst,
        TokensPerPeriod = limit.CostUnitsPerSecond,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        AutoReplenishment = false,
    };

    private void Pay(Caller caller, int units)
    {
        // First that of the API key: one that floods then takes nothing of what the tenant's others may spend.
        Take(_ofApiKeys, caller, units, _options.OfApiKey(caller.Plan), "This API key has");
        Take(_ofTenants, caller, units, _options.OfTenant(caller.Plan), "This tenant has");
    }

    private static void Take(PartitionedRateLimiter<Caller> limiter, Caller caller, int units, PlanLimit limit, string who)
    {
        if (units > limit.Burst)
        {
            throw KmsErrors.QuotaExceeded.With(
                $"The request costs {units} cost units, and the tenant's plan allows {limit.Burst} at once: send fewer items.",
                new FieldError("items", $"cost {units} cost units of at most {limit.Burst}"));
        }

        using RateLimitLease lease = limiter.AttemptAcquire(caller, units);
        if (lease.IsAcquired)
            return;

        long missing = units - (limiter.GetStatistics(caller)?.CurrentAvailablePermits ?? 0);
        throw KmsErrors.TooManyRequests
            .With($"{who} used up its cost units; nothing was done. Retry after the time in Retry-After.")
            .After(TimeSpan.FromSeconds((double)missing / limit.CostUnitsPerSecond));
    }

    private sealed class Budget(RateLimits limits, Caller caller) : ICostBudget
    {
        public void Pay(int units) => limits.Pay(caller, units);
    }
}
