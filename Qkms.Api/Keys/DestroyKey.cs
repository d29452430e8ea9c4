using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Keys;

internal sealed record DestroyKeyQuery(
    [property: FromRoute(Name = "key"), KidOrNumberField, ParameterExample(DemoKeys.RetiredKid)]
    [property: Description("The kid of the version; not its number.")]
    string Key,
    [property: FromQuery(Name = "waiting_days"), WaitingDaysField(KeyDestruction.DefaultWaitingDays)]
    [property: Description("The same as in the body, for clients whose DELETE has none. Given in both, they must agree.")]
    QueryInteger? WaitingDays);

internal sealed class DestroyKeyQueryValidator : AbstractValidator<DestroyKeyQuery>
{
    public DestroyKeyQueryValidator() => RuleFor(q => q.WaitingDays).IsWaitingDays();
}

internal sealed record DestroyKeyRequest(
    [property: WaitingDaysField(KeyDestruction.DefaultWaitingDays)]
    [property: Description("Waiting time in days, during which you can cancel: 7 to 30. Default: 30.")]
    int? WaitingDays,
    [property: ReasonField, Description("The reason, recorded in the journal.")] string? Reason);

internal sealed class DestroyKeyRequestValidator : AbstractValidator<DestroyKeyRequest>
{
    public DestroyKeyRequestValidator()
    {
        RuleFor(r => r.WaitingDays).IsWaitingDays();
        RuleFor(r => r.Reason).IsReason();
    }
}

internal static class DestroyKey
{
    public static void MapDestroyKey(this RouteGroupBuilder keys) =>
        keys.MapDelete("/{key}", HandleAsync)
            .WithName("DestroyKey")
            .WithSummary(
                "Schedules the destruction of a retired or revoked key version. It is unusable from now on; on its date Qkms "
                + "erases the private key for good.")
            .WithDescription(
                "You can cancel until that date. The public key and metadata stay readable for ever. A version that is already scheduled "
                + "keeps its date, whatever 'waiting_days' says: cancel first to choose another.")
            .WithRequestExample("""{"reason":"Nothing is encrypted to it any more."}""")
            .WithValidation<DestroyKeyQuery, DestroyKeyQueryValidator>()
            .WithOptionalValidation<DestroyKeyRequest, DestroyKeyRequestValidator>()
            .Refuses(KmsErrors.KeyVersionNotFound, KmsErrors.OnlyActiveKey, KmsErrors.KeyDestroyed, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<AcceptedReply<KeyVersionResponse>> HandleAsync(
        [AsParameters] DestroyKeyQuery query,
        [FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] DestroyKeyRequest? request,
        Caller caller,
        KeyDestruction destruction,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        // What the query says is as if the body said it, also for what makes a request the same one again.
        DestroyKeyRequest? whole = WithQuery(request, query);
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, whole);
        int waitingDays = whole?.WaitingDays ?? KeyDestruction.DefaultWaitingDays;
        ScheduleDestructionCommand command = new(KeyPath.ToKid(query.Key), waitingDays, whole?.Reason);
        Done<KeyVersion> done = await destruction.ScheduleAsync(caller, command, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Accepted(KeyVersionResponse.From(done.Result, spelling: null, done.At));
    }

    private static DestroyKeyRequest? WithQuery(DestroyKeyRequest? request, DestroyKeyQuery query) =>
        WaitingDays.Agreed(query.WaitingDays, request?.WaitingDays) is { } days ? new DestroyKeyRequest(days, request?.Reason) : request;
}
