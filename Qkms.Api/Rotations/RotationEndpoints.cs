namespace Qkms.Api.Rotations;

/// <summary>Rotations by kid, and the chains that they make.</summary>
internal static class RotationEndpoints
{
    public static IEndpointRouteBuilder MapRotations(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder keys = app.MapGroup("/kms/keys")
            .WithTag("Rotations", "Rotate one version by its kid, to another algorithm too, and walk rotation chains.");
        keys.MapRotateVersion();
        keys.MapGetChain();
        return app;
    }
}
