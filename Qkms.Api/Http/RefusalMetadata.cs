namespace Qkms.Api.Http;

/// <summary>The refusals that a route can answer with beyond those that every route can; for the description of the API.</summary>
internal sealed record RefusalMetadata(IReadOnlyList<KmsError> Errors);

/// <summary>Names refusals at the route.</summary>
internal static class RefusalMetadataExtensions
{
    /// <summary>Says which refusals a route can answer with.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params KmsError[] errors) =>
        route.WithMetadata(new RefusalMetadata(errors));
}
