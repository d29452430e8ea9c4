namespace Qkms.Api.Http;

/// <summary>The refusals of a route beyond those of every route, for the description of the API.</summary>
internal sealed record RefusalMetadata(IReadOnlyList<KmsError> Errors);

/// <summary>Adds refusals to a route.</summary>
internal static class RefusalMetadataExtensions
{
    /// <summary>Adds the refusals that a route can answer with.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params KmsError[] errors) =>
        route.WithMetadata(new RefusalMetadata(errors));
}
