using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Qkms.Core.Time;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Qkms.Api.Http;

/// <summary>A success in its envelope. The body is built when it is written, because it needs the request and the clock. Secrets in it are zeroed afterwards.</summary>
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

/// <summary>A success that created something, with its address.</summary>
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

/// <summary>A success that is not complete yet; the data says when it will be.</summary>
internal sealed class EnvelopedAccepted<T>(T data) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status202Accepted, typeof(Envelope<T>), ["application/json"]));

    public Task ExecuteAsync(HttpContext httpContext) => Enveloped.WriteAsync(httpContext, StatusCodes.Status202Accepted, data);
}

/// <summary>Writes envelopes.</summary>
internal static class Enveloped
{
    private const string ContentType = "application/json; charset=utf-8";

    public static Enveloped<T> Ok<T>(T data) => new(data);

    public static EnvelopedCreated<T> Created<T>(T data, string routeName, object routeValues) => new(data, routeName, routeValues);

    public static EnvelopedAccepted<T> Accepted<T>(T data) => new(data);

    public static Task WriteAsync<T>(HttpContext context, int status, T data) =>
        WriteBodyAsync(context, status, new Envelope<T>(data, RequestIdentity.Of(context), Now(context)));

    public static Task WriteErrorAsync(HttpContext context, int status, ErrorBody error) =>
        WriteBodyAsync(context, status, new ErrorEnvelope(error, RequestIdentity.Of(context), Now(context)));

    // With its length, so that it goes out in one piece.
    private static async Task WriteBodyAsync<TBody>(HttpContext context, int status, TBody body)
    {
        JsonSerializerOptions options = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        using AnswerBuffer buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = options.Encoder, SkipValidation = true }))
            JsonSerializer.Serialize(json, body, (JsonTypeInfo<TBody>)options.GetTypeInfo(typeof(TBody)));

        context.Response.StatusCode = status;
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = buffer.Length;
        await context.Response.BodyWriter.WriteAsync(buffer.Written, context.RequestAborted);
    }

    private static DateTimeOffset Now(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>().GetUtcMilliseconds();
}
