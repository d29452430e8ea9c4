using System.Diagnostics;
using Microsoft.AspNetCore.Authorization;
using Qkms.Core.ApiKeys;
using Qkms.Core.Telemetry;

namespace Qkms.Api.Auth;

/// <summary>
/// Requires exactly one valid API key in the <c>x-api-key</c> header. Every route needs one unless its metadata says
/// otherwise, unknown routes too. What stands in the header is no longer the key but its handle: see <see cref="ApiKeyHeaderEncoding"/>.
/// </summary>
/// <remarks>With one way to authenticate and one rule, the framework's machinery for many would only double the cost of the check.</remarks>
internal sealed class ApiKeyAuthentication(RequestDelegate next, ApiKeyAuthenticator authenticator, ApiKeyHandles handles)
{
    public const string SchemeName = "ApiKey";
    public const string HeaderName = "x-api-key";

    public async Task InvokeAsync(HttpContext context)
    {
        bool isOpen = context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        if (isOpen || await IsProvenAsync(context))
            await next(context);
        else
            await Refusals.WriteAsync(context, KmsErrors.Unauthenticated.Refusal());
    }

    private async ValueTask<bool> IsProvenAsync(HttpContext context)
    {
        using Activity? span = KmsActivities.Start(KmsActivities.Authenticate);
        if (context.Request.Headers[HeaderName] is not [string presented]
            || handles.Read(presented) is not { } proof
            || await authenticator.AuthenticateAsync(proof, context.RequestAborted) is not { } apiKey)
            return false;

        RequestFacts facts = RequestFacts.Of(context);
        facts.Caller = new Caller(apiKey.TenantId, apiKey.CredentialId, apiKey.Access, facts.RequestId);
        return true;
    }
}
