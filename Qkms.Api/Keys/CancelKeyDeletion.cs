using System.ComponentModel;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Api.Http;
using Qkms.Api.Idempotency;
using Qkms.Core.Callers;
using Qkms.Core.Errors;
using Qkms.Core.Lifecycle;
using Qkms.Core.Time;

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
            .WithOptionalValidation(new CancelKeyDeletionRequestValidator())
            .Requires(Permission.KeysCancelDeletion)
            .Refuses(KmsErrors.KeyVersionNotFound, KmsErrors.KeyDestroyed, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey<CancelKeyDeletionRequest>();

    private static Task<Enveloped<KeyVersionResponse>> HandleAsync(
        [KidField, Description("The kid of the version.")] string kid,
        CancelKeyDeletionRequest? request,
        Caller caller,
        KeyDestruction destruction,
        TimeProvider time,
        CancellationToken cancellationToken) => destruction.CancelAsync(
            caller,
            KeyPath.ToKid(kid),
            request?.Reason,
            kept => Enveloped.Ok(KeyVersionResponse.From(kept, spelling: null, time.GetUtcMilliseconds())),
            cancellationToken);
}
