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

internal sealed record DestroyKeyRequest(
    [property: Field(
        Minimum = KeyDestruction.MinWaitingDays,
        Maximum = KeyDestruction.MaxWaitingDays,
        Default = KeyDestruction.DefaultWaitingDays,
        Example = KeyDestruction.DefaultWaitingDays)]
    [property: Description("Waiting time in days, during which you can cancel: 7 to 30. Default: 30.")]
    int? WaitingDays,
    [property: ReasonField, Description("The reason, recorded in the journal.")] string? Reason);

internal sealed class DestroyKeyRequestValidator : AbstractValidator<DestroyKeyRequest>
{
    public DestroyKeyRequestValidator()
    {
        RuleFor(r => r.WaitingDays)
            .Must(days => days is null or (>= KeyDestruction.MinWaitingDays and <= KeyDestruction.MaxWaitingDays))
            .WithMessage($"must be a whole number from {KeyDestruction.MinWaitingDays} to {KeyDestruction.MaxWaitingDays}");
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
            .WithRequestExample("""{"waiting_days":30,"reason":"Nothing is encrypted to it any more."}""")
            .WithOptionalValidation(new DestroyKeyRequestValidator())
            .Requires(Permission.KeysDestroy)
            .Refuses(KmsErrors.KeyVersionNotFound, KmsErrors.OnlyActiveKey, KmsErrors.KeyDestroyed, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<AcceptedReply<KeyVersionResponse>> HandleAsync(
        [KidOrNumberField, ParameterExample(DemoKeys.RetiredKid), Description("The kid of the version; not its number.")] string key,
        [FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] DestroyKeyRequest? request,
        Caller caller,
        KeyDestruction destruction,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        int waitingDays = request?.WaitingDays ?? KeyDestruction.DefaultWaitingDays;
        ScheduleDestructionCommand command = new(KeyPath.ToKid(key), waitingDays, request?.Reason);
        Done<KeyVersion> done = await destruction.ScheduleAsync(caller, command, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Accepted(KeyVersionResponse.From(done.Result, spelling: null, done.At));
    }
}
