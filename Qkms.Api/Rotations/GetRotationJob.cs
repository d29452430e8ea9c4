using System.ComponentModel;
using Qkms.Core.Rotations;

namespace Qkms.Api.Rotations;

internal static class GetRotationJob
{
    public const string RouteName = "GetRotationJob";

    public static void MapGetRotationJob(this RouteGroupBuilder jobs) =>
        jobs.MapGet("/{id}", HandleAsync)
            .WithName(RouteName)
            .WithSummary("Shows one rotation job.")
            .Refuses(KmsErrors.NotFound);

    private static async Task<Reply<RotationJobResponse>> HandleAsync(
        [JobIdField, ParameterExample(JobIdFieldAttribute.Pasted), Description("The id of the job.")] string id,
        Caller caller,
        RotationJobs jobs,
        CancellationToken cancellationToken) =>
        Reply.Ok(RotationJobResponse.From(await jobs.GetAsync(caller, JobIdFieldAttribute.Read(id), cancellationToken)));
}
