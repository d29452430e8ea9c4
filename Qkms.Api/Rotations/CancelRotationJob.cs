using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Idempotency;
using Qkms.Core.Rotations;

namespace Qkms.Api.Rotations;

internal sealed record CancelRotationJobRequest(
    [property: ReasonField, Description("The reason, recorded in the journal and shown with the job.")] string? Reason);

internal sealed class CancelRotationJobRequestValidator : AbstractValidator<CancelRotationJobRequest>
{
    public CancelRotationJobRequestValidator() => RuleFor(r => r.Reason).IsReason();
}

internal static class CancelRotationJob
{
    public static void MapCancelRotationJob(this RouteGroupBuilder jobs) =>
        jobs.MapDelete("/{id}", HandleAsync)
            .WithName("CancelRotationJob")
            .WithSummary("Cancels a rotation job that has not made its successor yet. The job stays in the list.")
            .WithDescription("A job that is cancelled already stays as it is.")
            .WithRequestExample("""{"reason":"The partner is not ready for a new key."}""")
            .WithOptionalValidation<CancelRotationJobRequest, CancelRotationJobRequestValidator>()
            .Refuses(KmsErrors.NotFound, KmsErrors.RotationJobOver, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<Reply<RotationJobResponse>> HandleAsync(
        [JobIdField, ParameterExample(JobIdFieldAttribute.Pasted), Description("The id of the job.")] string id,
        [FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] CancelRotationJobRequest? request,
        Caller caller,
        RotationJobs jobs,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        Done<RotationJob> done = await jobs.CancelAsync(
            caller, JobIdFieldAttribute.Read(id), request?.Reason, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Ok(RotationJobResponse.From(done.Result));
    }
}
