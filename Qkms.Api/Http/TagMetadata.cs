namespace Qkms.Api.Http;

/// <summary>The purpose of a group of routes, for the description of the API.</summary>
internal sealed record TagMetadata(string Name, string Description);

/// <summary>Puts tags on routes.</summary>
internal static class TagMetadataExtensions
{
    /// <summary>Names the group that routes belong to, and says what it is for.</summary>
    public static TBuilder WithTag<TBuilder>(this TBuilder routes, string name, string description)
        where TBuilder : IEndpointConventionBuilder => routes.WithTags(name).WithMetadata(new TagMetadata(name, description));
}
