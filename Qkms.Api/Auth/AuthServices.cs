using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Qkms.Api.Auth;

/// <summary>The set-up of authentication.</summary>
internal static class AuthServices
{
    public static WebApplicationBuilder AddQkmsAuth(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ApiKeyHeaderEncoding>();
        builder.Services.AddOptions<KestrelServerOptions>()
            .Configure<ApiKeyHeaderEncoding>((options, encoding) => options.RequestHeaderEncodingSelector = encoding.Select);
        builder.Services.AddScoped(services => services.GetRequiredService<RequestFacts>().RequireCaller());
        return builder;
    }
}
