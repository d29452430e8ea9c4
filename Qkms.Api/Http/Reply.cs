using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;

namespace Qkms.Api.Http;

/// <summary>
/// A success, written as the protocol of its route writes it. The body is built when it is written, because it may need the request and the
/// clock. Secrets in it are zeroed afterwards.
/// </summary>
internal sealed class Reply<T>(T data) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => Reply.Describe<T>(builder, StatusCodes.Status200OK);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using IDisposable? secrets = data as IDisposable;
        await Protocol.Of(httpContext).WriteResultAsync(httpContext, StatusCodes.Status200OK, data);
    }
}

/// <summary>A success that created something, with its address. Secrets in it are zeroed afterwards.</summary>
internal sealed class CreatedReply<T>(T data, string routeName, object routeValues) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        Reply.Describe<T>(builder, StatusCodes.Status201Created);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using IDisposable? secrets = data as IDisposable;
        LinkGenerator links = httpContext.RequestServices.GetRequiredService<LinkGenerator>();
        httpContext.Response.Headers.Location = links.GetPathByName(httpContext, routeName, routeValues);
        await Protocol.Of(httpContext).WriteResultAsync(httpContext, StatusCodes.Status201Created, data);
    }
}

/// <summary>A success that is not complete yet; the data says when it will be, and an address where it can be seen.</summary>
internal sealed class AcceptedReply<T>(T data, string? routeName = null, object? routeValues = null) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        Reply.Describe<T>(builder, StatusCodes.Status202Accepted);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (routeName is not null)
        {
            LinkGenerator links = httpContext.RequestServices.GetRequiredService<LinkGenerator>();
            httpContext.Response.Headers.Location = links.GetPathByName(httpContext, routeName, routeValues);
        }

        return Protocol.Of(httpContext).WriteResultAsync(httpContext, StatusCodes.Status202Accepted, data);
    }
}

/// <summary>Makes replies.</summary>
internal static class Reply
{
    public static Reply<T> Ok<T>(T data) => new(data);

    public static KeptReply<T> Kept<T>(KeptResult<T> kept) => new(kept);

    public static CreatedReply<T> Created<T>(T data, string routeName, object routeValues) => new(data, routeName, routeValues);

    public static AcceptedReply<T> Accepted<T>(T data) => new(data);

    public static AcceptedReply<T> Accepted<T>(T data, string routeName, object routeValues) => new(data, routeName, routeValues);

    // The metadata of the group stand there before those of the handler are asked for.
    internal static void Describe<T>(EndpointBuilder builder, int status)
    {
        if (builder.Metadata.OfType<Protocol>().LastOrDefault()?.Describe<T>(status) is { } described)
            builder.Metadata.Add(described);
    }
}
