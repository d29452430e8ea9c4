namespace Qkms.Api.Http;

/// <summary>A success that is not an envelope but comes in any of several media types, for the description of the API.</summary>
internal sealed record ContentMetadata(string Description, params IReadOnlyList<MediaContent> Types);

/// <summary>What one media type holds: an object of <paramref name="Type"/>, or else a text.</summary>
internal sealed record MediaContent(string MediaType, Type? Type = null, string? Pattern = null, string? Format = null);
