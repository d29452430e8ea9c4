using System.Threading.RateLimiting;
using Qkms.Core.Tenants;

namespace Qkms.Api.Http;

/// <summary>
/// The cost units that tenants and API keys may spend on this node, by the plans of the tenants. Buckets that are full again are dropped.
/// </summary>
internal sealed class RateLimits : IDisposable
{
    private readonly PlanOptions _plans;
    private readonly RateLimitOptions _options;
    private readonly PartitionedRateLimiter<Caller> _ofApiKeys;
    private readonly PartitionedRateLimiter<Caller> _ofTenants;

    public RateLimits(PlanOptions plans, RateLimitOptions options)
    {
        (_plans, _options) = (plans, options);

        // A change of the plan makes a new bucket.
        _ofApiKeys = PartitionedRateLimiter.Create<Caller, (Guid, string)>(caller => RateLimitPartition.GetTokenBucketLimiter(
            (caller.CredentialId.Value, caller.Plan), key => OfApiKey(key.Item2).ToOptions()));
        _ofTenants = PartitionedRateLimiter.Create<Caller, (Guid, string)>(caller => RateLimitPartition.GetTokenBucketLimiter(
            (caller.TenantId.Value, caller.Plan), key => OfTenant(key.Item2).ToOptions()));
    }

    /// <summary>What a caller may spend; null where the plan has no limit.</summary>
    public ICostBudget? BudgetOf(Caller caller) => _plans.Of(caller.Plan).CostUnitsPerSecond == 0 ? null : new Budget(this, caller);

    public void Dispose()
    {
        _ofApiKeys.Dispose();
        _ofTenants.Dispose();
    }

    private TokenBucket OfTenant(string plan)
    {
        PlanLimits limits = _plans.Of(plan);
        return new TokenBucket(limits.CostUnitsPerSecond, limits.Burst);
    }

    private TokenBucket OfApiKey(string plan)
    {
        PlanLimits limits = _plans.Of(plan);
        return new TokenBucket(_options.PartOf(limits.CostUnitsPerSecond), _options.PartOf(limits.Burst));
    }

    private void Pay(Caller caller, int units)
    {
        TokenBucket ofApiKey = OfApiKey(caller.Plan);
        if (units > ofApiKey.Burst)
        {
            throw KmsErrors.QuotaExceeded.With(
                $"The request costs {units} cost units, and an API key of this tenant may spend {ofApiKey.Burst} at once: "
                    + "send fewer items.",
                new FieldError("items", $"cost {units} cost units of at most {ofApiKey.Burst}"));
        }

        // An API key that floods takes nothing of what the tenant's others may spend, and is not charged where the tenant cannot pay; but
        // for callers between these lines.
        if (units > Left(_ofTenants, caller))
            throw Refusal(_ofTenants, caller, units, OfTenant(caller.Plan), RateLimitScope.Tenant);

        if (!TryTake(_ofApiKeys, caller, units))
            throw Refusal(_ofApiKeys, caller, units, ofApiKey, RateLimitScope.ApiKey);

        if (!TryTake(_ofTenants, caller, units))
            throw Refusal(_ofTenants, caller, units, OfTenant(caller.Plan), RateLimitScope.Tenant);
    }

    private static bool TryTake(PartitionedRateLimiter<Caller> limiter, Caller caller, int units)
    {
        using RateLimitLease lease = limiter.AttemptAcquire(caller, units);
        return lease.IsAcquired;
    }

    private static void TakeWhatIsThere(PartitionedRateLimiter<Caller> limiter, Caller caller, int units) =>
        TryTake(limiter, caller, (int)Math.Min(units, Left(limiter, caller)));

    private static long Left(PartitionedRateLimiter<Caller> limiter, Caller caller) =>
        limiter.GetStatistics(caller)?.CurrentAvailablePermits ?? 0;

    private static KmsException Refusal(
        PartitionedRateLimiter<Caller> limiter, Caller caller, int units, TokenBucket bucket, RateLimitScope scope)
    {
        RateLimitMetrics.Count(scope);
        return KmsErrors.TooManyRequests
            .With($"{(scope == RateLimitScope.Tenant ? "This tenant" : "This API key")} has used up its cost units; nothing was done. "
                + "Retry after the time in Retry-After.")
            .After(bucket.TimeFor(units - Left(limiter, caller)));
    }

    private sealed class Budget(RateLimits limits, Caller caller) : ICostBudget
    {
        public void Pay(int units) => limits.Pay(caller, units);

        public void PayWhatIsThere(int units)
        {
            TakeWhatIsThere(limits._ofApiKeys, caller, units);
            TakeWhatIsThere(limits._ofTenants, caller, units);
        }
    }
}
