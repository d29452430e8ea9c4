using System.ComponentModel;
using System.Text.Json.Serialization;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Api.Keys;
using Qkms.Core.Idempotency;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Core.Rotations;

namespace Qkms.Api.Rotations;

internal sealed record NewKeyRequest(
    [property: Description("Your own kid for the successor; not a word of a route, such as 'active'. Default: a UUID.")] KidText? Kid,
    [property: Description("The algorithm of the successor. Default: the same. Another one needs 'allow_algorithm_change'.")]
    AlgorithmText? Algorithm,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.SoftUsageLimit)]
    UsesMember SoftUsageLimit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.MaxUsageLimit)]
    UsesMember MaxUsageLimit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.SoftLimitExpiration)]
    TimeMember SoftLimitExpiration,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.ExpiresAt)]
    TimeMember ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.ProcessUntil)]
    TimeMember ProcessUntil,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.AutoRotate)]
    FlagMember AutoRotate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.RotationPeriod)]
    DaysMember RotationPeriod) : IKeyLimitFields;

internal sealed class NewKeyRequestValidator : AbstractValidator<NewKeyRequest>
{
    public NewKeyRequestValidator()
    {
        RuleFor(r => r.Kid).IsKid();
        RuleFor(r => r.Algorithm).IsKeyAlgorithmOrAbsent();
    }
}

internal sealed record RotateVersionRequest(
    [property: Description("What the successor is to be other than the version. Default: nothing.")] NewKeyRequest? NewKey,
    [property: Description("Whether the successor may have another algorithm: RSA-2048 to ML-KEM-768, for example. Default: false.")]
    bool? AllowAlgorithmChange,
    [property: Field(Example = "2036-01-02T03:04:05.678Z")]
    [property: Description("When to rotate: in the future, at most ten years ahead. Default: now.")]
    DateTimeOffset? ScheduledAt);

internal sealed class RotateVersionRequestValidator : AbstractValidator<RotateVersionRequest>
{
    public RotateVersionRequestValidator() =>
        RuleFor(r => r.NewKey!).SetValidator(new NewKeyRequestValidator()).When(r => r.NewKey is not null);
}

internal static class RotateVersion
{
    public static void MapRotateVersion(this RouteGroupBuilder keys) =>
        keys.MapPost("/{kid}/rotations", HandleAsync)
            .WithName("RotateVersion")
            .WithSummary(
                "Rotates the version that a kid names, now or at a time: its successor becomes active, and the version is retired.")
            .WithDescription(
                "The successor has the limits of the version, counted from its own creation, where 'new_key' does not set others; null "
                + "removes one. It has the same algorithm unless 'new_key' names another one and 'allow_algorithm_change' is true: it is "
                + "then the next version of the key of that algorithm with the same name and use, and the rotation chain goes on there. "
                + "Without an active version you can rotate the newest one, which keeps its status. With 'scheduled_at' the response is a "
                + "rotation job, and `Location` its address.")
            .WithRequestExample("""{"scheduled_at":"2034-01-02T03:04:05Z","new_key":{"kid":"demo-dsa-2"}}""")
            .WithOptionalValidation<RotateVersionRequest, RotateVersionRequestValidator>()
            .Refuses(
                KmsErrors.KeyVersionNotFound,
                KmsErrors.ActiveKeyExists,
                KmsErrors.KeyRevoked,
                KmsErrors.KeyChanged,
                KmsErrors.KeyDestroyed,
                KmsErrors.KeyDisabled,
                KmsErrors.QuotaExceeded,
                KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<Results<Reply<KeyVersionResponse>, AcceptedReply<RotationJobResponse>>> HandleAsync(
        [KidField, ParameterExample("demo-dsa-1"), Description("The kid of the version.")] string kid,
        RotateVersionRequest? request,
        Caller caller,
        KeyRotations rotations,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        RotationOrder order = ToOrder(KeyPath.ToKid(kid), request);
        if (request?.ScheduledAt is { } at)
        {
            Done<RotationJob> scheduled = await rotations.ScheduleAsync(caller, order, at, repeatable, cancellationToken);
            IdempotencyKeys.MarkRepeated(http, scheduled);
            RotationJobResponse job = RotationJobResponse.From(scheduled.Result);
            return Reply.Accepted(job, GetRotationJob.RouteName, new { id = job.Id });
        }

        Done<KeyRotation> done = await rotations.RotateAsync(caller, order, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Ok(KeyVersionResponse.From(done.Result.Active, order.Spelling, done.At));
    }

    private static RotationOrder ToOrder(Kid kid, RotateVersionRequest? request) => new(
        kid,
        request?.NewKey?.Kid?.Value,
        request?.NewKey?.Algorithm?.Value,
        request?.NewKey?.Algorithm?.Text,
        request?.AllowAlgorithmChange ?? false,
        request?.NewKey?.ToLimitChanges() ?? KeyLimitChanges.None);
}
