using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using FluentValidation;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using IPNetwork = System.Net.IPNetwork;

namespace Qkms.Api.Http;

/// <summary>The set-up of HTTP.</summary>
internal static class HttpServices
{
    /// <summary>Where the service listens unless it is told otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:8080";

    // Room for a kid of 10,000 characters, so that the answer is ours and says "not found".
    private const int MaxRequestLineSize = 32 * 1024;

    // Beyond the first seconds, in bytes a second: the longest body then takes less than four minutes. The web server looks after the time.
    private const double SlowestBody = 10_000;

    // As much as over HTTP/1.1: what a connection buffers before its requests are let in.
    private const int Http2Window = HttpLimits.ConnectionBuffer;

    private static readonly TimeSpan _firstSeconds = TimeSpan.FromSeconds(5);

    /// <param name="builder">The service.</param>
    /// <param name="limits">What connections and bodies may take.</param>
    /// <param name="features">The types of each feature that cross the wire.</param>
    public static WebApplicationBuilder AddQkmsHttp(
        this WebApplicationBuilder builder, HttpLimits limits, params IJsonTypeInfoResolver[] features)
    {
        // A line ends with CR LF alone: what some take for the end of a header and others do not lets a request hide in another.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", isEnabled: true);

        builder.WebHost.ConfigureKestrel(options => Configure(options, limits));
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.MaxReadBufferSize = HttpLimits.ConnectionBuffer);
        builder.Services.AddSingleton(new BodyMemory(limits));
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ZeroedMemoryPool.Factory>();
        builder.Services.ConfigureHttpJsonOptions(options => ApiJson.Configure(options.SerializerOptions, features));
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.AddSingleton<CallerProof>();
        builder.Services.AddSingleton<Entrance>();
        builder.Services.AddSingleton<RequestsUnderWay>();
        builder.Services.AddSingleton<StrangerLog>();
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
        app.UseMiddleware<UnreadBodies>();
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<RefusalHandler>();
        if (app.Services.GetService<ICorsService>() is not null)
            app.UseCors();

        if (trustedProxies.Count > 0)
        {
            // In this order: the second says who is behind the proxy, the first asks whether it is one.
            app.UseMiddleware<ForwardedPrefix>(trustedProxies);
            app.UseForwardedHeaders(ForwardedFor(trustedProxies));
        }

        app.UseMiddleware<HeadAsGet>();
        app.UsePathBase("/api/v1");
        app.UseMiddleware<StopGate>();
        return app;
    }

    private static void Configure(KestrelServerOptions options, HttpLimits limits)
    {
        options.AddServerHeader = false;
        options.Limits.MaxConcurrentConnections = limits.Connections;

        // The limits of routes are below this; up to it, the server throws away what nobody read.
        options.Limits.MaxRequestBodySize = UnreadBodies.MostBytes;
        options.Limits.MaxRequestBufferSize = HttpLimits.ConnectionBuffer;
        options.Limits.MinRequestBodyDataRate = new MinDataRate(SlowestBody, _firstSeconds);
        options.Limits.MinResponseDataRate = new MinDataRate(SlowestBody, _firstSeconds);
        options.Limits.Http2.InitialConnectionWindowSize = Http2Window;
        options.Limits.Http2.InitialStreamWindowSize = Http2Window;
        options.Limits.MaxRequestLineSize = MaxRequestLineSize;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(120);
    }

    // From right to left as long as a trusted proxy says so: what is further left anybody can have written.
    private static ForwardedHeadersOptions ForwardedFor(IReadOnlyList<IPNetwork> trustedProxies)
    {
        ForwardedHeadersOptions options = new() { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (IPNetwork network in trustedProxies)
            options.KnownIPNetworks.Add(network);

        return options;
    }
}
