namespace Qkms.Api.Http;

/// <summary>The Location header of a route that creates something, for the description of the API.</summary>
internal sealed record LocationMetadata(string Description, string Example);
