using System.ComponentModel;
using Qkms.Api.Fields;
using Qkms.Core.Rotations;

namespace Qkms.Api.Rotations;

/// <summary>A rotation job.</summary>
internal sealed record RotationJobResponse
{
    [Description("The id of the job.")]
    [Field(Example = Examples.JobId)]
    public required Guid Id { get; init; }

    [Description("The version to be rotated.")]
    [KidField]
    public required string Kid { get; init; }

    [Description("The name of its logical key.")]
    [KeyNameField]
    public required string Name { get; init; }

    [Description("SCHEDULED, RUNNING, SUCCEEDED, FAILED or CANCELLED.")]
    [JobStateField]
    public required string State { get; init; }

    [Description(
        "Why there is a job: 'request', the key's rotation 'period', or a soft limit of the version: 'usage_limit' or 'expiration'.")]
    [JobCauseField]
    public required string Cause { get; init; }

    [Description("When the rotation is due.")]
    [Field(Example = Examples.Time)]
    public required DateTimeOffset ScheduledAt { get; init; }

    [Description("The number of attempts so far.")]
    [Field(Minimum = 0, Example = 0)]
    public required int Attempts { get; init; }

    [Description("When the next attempt is due; null when the job is over.")]
    [Field(Example = Examples.Time)]
    public required DateTimeOffset? NextAttemptAt { get; init; }

    [Description("The kid of the successor, when the job has succeeded.")]
    [KidField(Example = KidFieldAttribute.Next)]
    public required string? NewKid { get; init; }

    [Description("The error code of the last attempt, if it failed.")]
    [Field(Pattern = "^ERR_[A-Z]+_[0-9]{3}$", Example = "ERR_KMS_009")]
    public required string? ErrorCode { get; init; }

    [Description("Why the last attempt failed, or why the job was cancelled.")]
    [ReasonField]
    public required string? Reason { get; init; }

    [Description("When the job was made.")]
    [Field(Example = Examples.Time)]
    public required DateTimeOffset CreatedAt { get; init; }

    [Description("When the job succeeded, failed or was cancelled.")]
    [Field(Example = Examples.Time)]
    public required DateTimeOffset? FinishedAt { get; init; }

    public static RotationJobResponse From(RotationJob job) => new()
    {
        Id = job.Id.Value,
        Kid = job.Kid.Value,
        Name = job.Name.Value,
        State = RotationOrders.NameOf(job.State),
        Cause = JobCauseFieldAttribute.NameOf(job.Cause),
        ScheduledAt = job.ScheduledAt,
        Attempts = job.Attempts,
        NextAttemptAt = job.NextAttemptAt,
        NewKid = job.NewKid?.Value,
        ErrorCode = job.ErrorCode,
        Reason = job.Reason,
        CreatedAt = job.CreatedAt,
        FinishedAt = job.FinishedAt,
    };
}
