using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Qkms.Api.Http;

namespace Qkms.Api.Auth;

/// <summary>The set-up of authentication: everything needs an API key unless its route says otherwise, unknown routes too.</summary>
internal static class AuthServices
{
    public static WebApplicationBuilder AddQkmsAuth(this WebApplicationBuilder builder)
    {
        // Not AddAuthentication(): that starts Data Protection, which writes an unencrypted key ring into the home folder.
        builder.Services.AddAuthenticationCore(options => options.DefaultScheme = ApiKeyAuthenticationHandler.SchemeName);
        builder.Services.AddWebEncoders();
        new AuthenticationBuilder(builder.Services).AddScheme<AuthenticationSchemeOptions, ApiKeyAuthenticationHandler>(ApiKeyAuthenticationHandler.SchemeName, null);
        builder.Services.AddSingleton<IPolicyEvaluator, ApiKeyPolicyEvaluator>();
        builder.Services.AddAuthorization(options =>
            options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        builder.Services.AddSingleton<PresentedKeys>();
        builder.Services.AddSingleton<ApiKeyHeaderEncoding>();
        builder.Services.AddOptions<KestrelServerOptions>()
            .Configure<ApiKeyHeaderEncoding>((options, encoding) => options.RequestHeaderEncodingSelector = encoding.Select);
        builder.Services.AddScoped(services => CallerAccess.Require(services.GetRequiredService<RequestFacts>()));
        return builder;
    }
}
