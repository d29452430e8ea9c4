using System.Diagnostics;
using Qkms.Core.Telemetry;
using Qkms.Core.Time;

namespace Qkms.Api.Http;

/// <summary>Finds out who makes a request, in the way of its protocol: when it arrives, and again when its body took its time.</summary>
internal sealed class CallerProof(RateLimits limits, TimeProvider time)
{
    /// <summary>Proves the caller, and notes him for the request; false when he does not prove it.</summary>
    /// <exception cref="KmsException">The tenant is suspended, or storage is not available.</exception>
    public async ValueTask<bool> TryProveAsync(HttpContext context)
    {
        using Activity? span = KmsActivities.Start(KmsActivities.Authenticate);
        RequestFacts facts = RequestFacts.Of(context);
        long at = time.GetTimestamp();
        if (await Protocol.Of(context).AuthenticateAsync(context) is not { } caller)
            return false;

        caller.Budget = limits.BudgetOf(caller);
        (facts.Caller, facts.ProvenAt) = (caller, at);
        return true;
    }

    /// <summary>
    /// Looks again at a caller whose request has waited for its body longer than anything that is remembered of him may be old: his API key
    /// may have been revoked or narrowed meanwhile, or his tenant suspended.
    /// </summary>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.Unauthenticated"/> and <see cref="KmsErrors.NotPermitted"/>: not any more; and as above.
    /// </exception>
    public async ValueTask RenewAsync(HttpContext context)
    {
        RequestFacts facts = RequestFacts.Of(context);
        if (facts.Caller is null || time.GetElapsedTime(facts.ProvenAt) <= FreshnessLimit.MaxAge)
            return;

        if (!await TryProveAsync(context))
            throw KmsErrors.Unauthenticated.With(Protocol.Of(context).WantedProof);

        if (context.GetEndpoint()?.Metadata.GetMetadata<RequiredPermission>() is { } required)
            required.Check(facts.RequireCaller());
    }
}
