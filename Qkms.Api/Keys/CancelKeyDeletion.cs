using System.ComponentModel;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Keys;

internal sealed record CancelKeyDeletionRequest(
    [property: ReasonField, Description("The reason, recorded in the journal.")] string? Reason);

internal sealed class CancelKeyDeletionRequestValidator : AbstractValidator<CancelKeyDeletionRequest>
{
    public CancelKeyDeletionRequestValidator() => RuleFor(r => r.Reason).IsReason();
}

internal static class CancelKeyDeletion
{
    public static void MapCancelKeyDeletion(this RouteGroupBuilder keys) =>
        keys.MapPost("/{kid}/actions/cancel-deletion", HandleAsync)
            .WithName("CancelKeyDeletion")
            .WithSummary("Cancels the destruction of a key version and restores its previous status, retired or revoked.")
            .WithDescription("If no destruction is scheduled, nothing changes.")
            .WithRequestExample("""{"reason":"A backup from last year still needs it."}""")
            .WithOptionalValidation<CancelKeyDeletionRequest, CancelKeyDeletionRequestValidator>()
            .Refuses(KmsErrors.KeyVersionNotFound, KmsErrors.KeyDestroyed, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<Reply<KeyVersionResponse>> HandleAsync(
        [KidField, ParameterExample(DemoKeys.RetiredKid), Description("The kid of the version.")] string kid,
        CancelKeyDeletionRequest? request,
        Caller caller,
        KeyDestruction destruction,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        Done<KeyVersion> done = await destruction.CancelAsync(caller, KeyPath.ToKid(kid), request?.Reason, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Ok(KeyVersionResponse.From(done.Result, spelling: null, done.At));
    }
}
