namespace Qkms.Api.Aws.Operations;

internal sealed record GetKeyPolicyRequest(string? KeyId, string? PolicyName);

internal sealed record GetKeyPolicyResponse(string Policy, string PolicyName);

internal sealed record ListKeyPoliciesRequest(string? KeyId, int? Limit, string? Marker);

internal sealed record ListKeyPoliciesResponse(IReadOnlyList<string> PolicyNames, bool Truncated);

internal sealed record PutKeyPolicyRequest(string? KeyId, string? PolicyName, string? Policy, bool? BypassPolicyLockoutSafetyCheck);

/// <summary>
/// Key policies: every key has the default policy of AWS, which leaves it to the account who may do what. Here that is said by the roles
/// and the narrowing of access keys, and no policy changes it.
/// </summary>
internal static class PolicyOperations
{
    private const string Default = "default";
    private const int MostNames = 1000;

    public static void MapPolicies(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "GetKeyPolicy",
            new RequiredPermission(Permission.KeysRead),
            () => AwsJson.Default.GetKeyPolicyRequest,
            () => AwsJson.Default.GetKeyPolicyResponse,
            GetAsync);
        routes.MapOperation(
            "ListKeyPolicies",
            new RequiredPermission(Permission.KeysRead),
            () => AwsJson.Default.ListKeyPoliciesRequest,
            () => AwsJson.Default.ListKeyPoliciesResponse,
            ListAsync);
        routes.MapOperation(
            "PutKeyPolicy",
            new RequiredPermission(Permission.KeysUpdate),
            () => AwsJson.Default.PutKeyPolicyRequest,
            () => AwsJson.Default.EmptyResponse,
            PutAsync);
    }

    private static async ValueTask<GetKeyPolicyResponse> GetAsync(AwsCall call, GetKeyPolicyRequest request)
    {
        await AwsKeys.GetAsync(call, request.KeyId);
        RequireDefault(request.PolicyName);
        return new GetKeyPolicyResponse(DefaultPolicy.Of(call), Default);
    }

    private static async ValueTask<ListKeyPoliciesResponse> ListAsync(AwsCall call, ListKeyPoliciesRequest request)
    {
        _ = AwsParameters.LimitOf(request.Limit, MostNames, MostNames);
        await AwsKeys.GetAsync(call, request.KeyId);

        // The one name is the first page and the last, so that no marker was ever given out.
        return request.Marker is null ? new ListKeyPoliciesResponse([Default], Truncated: false) : throw AwsErrors.InvalidMarker.Refusal();
    }

    // A tool that sets the policy that is there anyway goes on; one that would take rights from somebody must not believe that it has.
    private static async ValueTask<EmptyResponse> PutAsync(AwsCall call, PutKeyPolicyRequest request)
    {
        string policy = AwsParameters.Require(request.Policy, "Policy");
        bool isDefault = DefaultPolicy.Is(policy, call);
        await AwsKeys.GetAsync(call, request.KeyId);
        RequireDefault(request.PolicyName);
        return isDefault
            ? EmptyResponse.Instance
            : throw AwsErrors.Unsupported.With("Only the default key policy is supported: narrow access keys instead.");
    }

    private static void RequireDefault(string? name)
    {
        if (name is not (null or Default))
            throw KmsErrors.NotFound.With("There is no such policy: the only key policy is named 'default'.");
    }
}
