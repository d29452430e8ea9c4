using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Qkms.Api.Http;
using Qkms.Core;
using Qkms.Core.ApiKeys;

namespace Qkms.Api.Auth;

/// <summary>Authenticates by the <c>x-api-key</c> header: exactly one, and valid.</summary>
internal sealed class ApiKeyAuthenticationHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    ApiKeyAuthenticator authenticator,
    PresentedKeys presentedKeys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "ApiKey";
    public const string HeaderName = "x-api-key";

    // Says only that there is somebody; who it is, the Caller says. So one serves all.
    private static readonly AuthenticateResult _proven =
        AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(SchemeName)), SchemeName));

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers[HeaderName] is not [string presented])
            return AuthenticateResult.NoResult();

        if (presentedKeys.Read(presented) is not { } proof || await authenticator.AuthenticateAsync(proof, Context.RequestAborted) is not { } apiKey)
            return AuthenticateResult.Fail("invalid API key");

        CallerAccess.Set(Context, new Caller(apiKey.TenantId, apiKey.CredentialId, apiKey.Access, RequestIdentity.Of(Context)));
        return _proven;
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        Refusals.WriteAsync(Context, KmsErrors.Unauthenticated.Refusal());
}
