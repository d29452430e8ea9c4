using Microsoft.AspNetCore.Routing.Matching;

namespace Qkms.Api.Aws;

/// <summary>The operation of a route, as the header <c>X-Amz-Target</c> names it; null for the one that answers all others.</summary>
internal sealed record AwsTarget(string? Operation)
{
    /// <summary>What stands before the name of an operation.</summary>
    public const string Prefix = "TrentService.";

    /// <summary>The operation that a request names; null where it names none.</summary>
    public static string? OperationOf(HttpContext context) =>
        context.Request.Headers[CanonicalRequest.TargetHeader] is [string target]
        && target.StartsWith(Prefix, StringComparison.Ordinal)
            ? target[Prefix.Length..]
            : null;
}

/// <summary>All operations have the same path: of their routes the one remains that the target header names.</summary>
internal sealed class AwsTargetPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    // After verbs.
    public override int Order => 1000;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        endpoints.Any(endpoint => endpoint.Metadata.GetMetadata<AwsTarget>() is not null);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        string? operation = AwsTarget.OperationOf(httpContext);
        int fallback = -1;
        bool isFound = false;
        for (int i = 0; i < candidates.Count; i++)
        {
            if (!candidates.IsValidCandidate(i) || candidates[i].Endpoint.Metadata.GetMetadata<AwsTarget>() is not { } route)
                continue;

            bool isIt = route.Operation is not null && route.Operation == operation;
            isFound |= isIt;
            if (route.Operation is null)
                fallback = i;
            else
                candidates.SetValidity(i, isIt);
        }

        if (fallback >= 0)
            candidates.SetValidity(fallback, !isFound);

        return Task.CompletedTask;
    }
}
