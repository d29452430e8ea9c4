using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Authorization.Policy;

namespace Qkms.Api.Auth;

/// <summary>
/// Answers the one policy that there is, "somebody is there", without the detour that policies in general take for every request.
/// Any other policy goes that way.
/// </summary>
internal sealed class ApiKeyPolicyEvaluator(IAuthorizationService authorization) : PolicyEvaluator(authorization)
{
    private static readonly PolicyAuthorizationResult _success = PolicyAuthorizationResult.Success();
    private static readonly PolicyAuthorizationResult _challenge = PolicyAuthorizationResult.Challenge();

    public override Task<PolicyAuthorizationResult> AuthorizeAsync(
        AuthorizationPolicy policy, AuthenticateResult authenticationResult, HttpContext context, object? resource)
    {
        if (policy.Requirements is not [DenyAnonymousAuthorizationRequirement])
            return base.AuthorizeAsync(policy, authenticationResult, context, resource);

        return Task.FromResult(context.User.Identity?.IsAuthenticated == true ? _success : _challenge);
    }
}
