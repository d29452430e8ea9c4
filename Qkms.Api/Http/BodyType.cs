namespace Qkms.Api.Http;

/// <summary>The one media type of the bodies that a route reads, where it is not the usual one of its protocol.</summary>
/// <param name="MediaType">The media type, without parameters.</param>
internal sealed record BodyType(string MediaType)
{
    /// <summary>That of the route at hand; null for the usual one.</summary>
    public static BodyType? Of(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<BodyType>();
}
