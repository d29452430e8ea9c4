using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FluentValidation;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Qkms.Api.Http;

/// <summary>The set-up of HTTP.</summary>
internal static class HttpServices
{
    /// <summary>Where the service listens unless it is told otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:8080";

    private const int MaxBodySize = 2 * 1024 * 1024;

    // Room for a kid of 10,000 characters, so that the answer is ours and says "not found".
    private const int MaxRequestLineSize = 32 * 1024;

    /// <param name="builder">The service.</param>
    /// <param name="features">The types of each feature that cross the wire.</param>
    public static WebApplicationBuilder AddQkmsHttp(this WebApplicationBuilder builder, params IJsonTypeInfoResolver[] features)
    {
        builder.WebHost.ConfigureKestrel(Configure);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ZeroedMemoryPool.Factory>();
        builder.Services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions, features));
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.AddSingleton<Entrance>();
        builder.Services.AddSingleton<RequestsUnderWay>();
        builder.Services.AddScoped<RequestFacts>();
        builder.Services.AddScoped(services => services.GetRequiredService<RequestFacts>().RequireCaller());

        // Fields are named as the caller spells them.
        ValidatorOptions.Global.PropertyNameResolver = (_, member, _) =>
            member is null ? null : JsonNamingPolicy.SnakeCaseLower.ConvertName(member.Name);
        return builder;
    }

    /// <summary>The middleware around every request, in this order.</summary>
    public static WebApplication UseQkmsHttp(this WebApplication app, IReadOnlyList<IPNetwork> trustedProxies)
    {
        app.UseMiddleware<RequestIdentity>();
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<RefusalHandler>();
        if (app.Services.GetService<ICorsService>() is not null)
            app.UseCors();

        if (trustedProxies.Count > 0)
            app.UseMiddleware<ForwardedPrefix>(trustedProxies);

        app.UsePathBase("/api/v1");
        app.UseMiddleware<StopGate>();
        return app;
    }

    private static void Configure(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = MaxBodySize;
        options.Limits.MaxRequestLineSize = MaxRequestLineSize;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(120);
    }
}
