using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Qkms.Core;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Qkms.Api.Http;

/// <summary>A success in its envelope. The body is built when it is written: only then are the request and the clock at hand. Secrets in it end when it is written.</summary>
internal sealed class Enveloped<T>(T data) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(Envelope<T>), ["application/json"]));

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using IDisposable? secrets = data as IDisposable;
        await Enveloped.WriteAsync(httpContext, StatusCodes.Status200OK, data);
    }
}

/// <summary>A success that made something, with its address.</summary>
internal sealed class EnvelopedCreated<T>(T data, string routeName, object routeValues) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status201Created, typeof(Envelope<T>), ["application/json"]));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        LinkGenerator links = httpContext.RequestServices.GetRequiredService<LinkGenerator>();
        httpContext.Response.Headers.Location = links.GetPathByName(httpContext, routeName, routeValues);
        return Enveloped.WriteAsync(httpContext, StatusCodes.Status201Created, data);
    }
}

/// <summary>Writes envelopes.</summary>
internal static class Enveloped
{
    public static Enveloped<T> Ok<T>(T data) => new(data);

    public static EnvelopedCreated<T> Created<T>(T data, string routeName, object routeValues) => new(data, routeName, routeValues);

    public static Task WriteAsync<T>(HttpContext context, int status, T data) =>
        WriteBodyAsync(context, status, new Envelope<T>(data, RequestIdentity.Of(context), Now(context)));

    public static Task WriteErrorAsync(HttpContext context, int status, ErrorBody error) =>
        WriteBodyAsync(context, status, new ErrorEnvelope(error, RequestIdentity.Of(context), Now(context)));

    private static Task WriteBodyAsync<TBody>(HttpContext context, int status, TBody body)
    {
        JsonSerializerOptions options = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(body, options.GetTypeInfo(typeof(TBody)), cancellationToken: context.RequestAborted);
    }

    private static DateTimeOffset Now(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>().GetUtcMilliseconds();
}
