using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Qkms.Api.Http;

/// <summary>
/// How a group of routes is spoken to: how callers prove who they are, which bodies are read, and how results and refusals are written. A
/// group says it with <see cref="ProtocolGroups.Speaks"/>; nothing else asks which protocol it is. Where no route matched, the one that is
/// registered as a service speaks.
/// </summary>
internal abstract class Protocol
{
    /// <summary>The media type of the bodies that it reads.</summary>
    public abstract string MediaType { get; }

    /// <summary>Who makes a request; null when the caller does not prove it.</summary>
    public abstract ValueTask<Caller?> AuthenticateAsync(HttpContext context);

    /// <summary>The text of the refusal when the caller does not.</summary>
    public abstract string WantedProof { get; }

    /// <summary>
    /// Makes a body ready for the framework, which reads JSON in UTF-8; called after authentication, for routes that take one, where there
    /// is one.
    /// </summary>
    /// <exception cref="KmsException"><see cref="HttpErrors.UnsupportedMediaType"/> for a body that the protocol does not read.</exception>
    public abstract void PrepareBody(HttpRequest request);

    /// <summary>The refusal of a body that the framework could not read. It repeats nothing of the body but names of members.</summary>
    public abstract KmsException Explain(HttpContext context, BadHttpRequestException exception);

    /// <summary>Writes a success.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">200, 201 or 202.</param>
    /// <param name="data">What was asked for.</param>
    public abstract Task WriteResultAsync<T>(HttpContext context, int status, T data);

    /// <summary>Writes a success, with status 200, whose bytes may be kept.</summary>
    public virtual Task WriteKeptAsync<T>(HttpContext context, KeptResult<T> kept) =>
        WriteResultAsync(context, StatusCodes.Status200OK, kept.Data);

    /// <summary>Writes a refusal, status and headers of its own included; Retry-After is there already.</summary>
    public abstract Task WriteRefusalAsync(HttpContext context, KmsException refusal);

    /// <summary>
    /// What a success of <typeparamref name="T"/> looks like, for the description of the API; null where it is not described.
    /// </summary>
    public virtual IProducesResponseTypeMetadata? Describe<T>(int status) => null;

    /// <summary>The protocol of the request at hand.</summary>
    public static Protocol Of(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<Protocol>() ?? context.RequestServices.GetRequiredService<Protocol>();
}

/// <summary>Marks a route that takes a body.</summary>
internal sealed class TakesBody
{
    public static readonly TakesBody Instance = new();
}

/// <summary>Protocols of route groups.</summary>
internal static class ProtocolGroups
{
    /// <summary>What stands for the media type of a body until its protocol says it.</summary>
    public const string AnyType = "*/*";

    /// <summary>Says which protocol a group speaks.</summary>
    public static RouteGroupBuilder Speaks(this RouteGroupBuilder group, Protocol protocol)
    {
        group.WithMetadata(protocol);
        ((IEndpointConventionBuilder)group).Finally(WithoutSlashAtTheEnd);

        // The framework says of every route with a body that it takes JSON, and routing would refuse all else before anybody is asked for
        // an API key, before the protocol, and when there is no content.
        ((IEndpointConventionBuilder)group).Finally(route =>
        {
            foreach (IAcceptsMetadata accepts in route.Metadata.OfType<IAcceptsMetadata>().ToArray())
            {
                route.Metadata.Remove(accepts);
                route.Metadata.Add(new AcceptsMetadata([AnyType], accepts.RequestType, accepts.IsOptional));
                route.Metadata.Add(TakesBody.Instance);
            }
        });
        return group;
    }

    // A group's own path gets one from the framework: logs, spans and metrics name the template as openapi.yaml does.
    private static void WithoutSlashAtTheEnd(EndpointBuilder route)
    {
        if (route is RouteEndpointBuilder { RoutePattern.RawText: { Length: > 1 } text } path && text.EndsWith('/'))
            path.RoutePattern = RoutePatternFactory.Parse(text[..^1]);
    }
}
