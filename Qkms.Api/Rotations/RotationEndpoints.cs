namespace Qkms.Api.Rotations;

/// <summary>Rotations by kid, and the chains that they make.</summary>
internal static class RotationEndpoints
{
    private const string Tag = "Rotations";
    private const string Purpose =
        "Rotate one version by its kid, now or later, to another algorithm too; rotation jobs and rotation chains.";

    public static IEndpointRouteBuilder MapRotations(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder keys = app.MapGroup("/kms/keys")
            .WithTag(Tag, Purpose);
        keys.MapRotateVersion();
        keys.MapGetChain();

        RouteGroupBuilder jobs = app.MapGroup("/kms/rotation-jobs").WithTag(Tag, Purpose);
        jobs.MapListRotationJobs();
        jobs.MapGetRotationJob();
        jobs.MapCancelRotationJob();
        return app;
    }
}
