using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Keys;

internal sealed record RevokeKeyRequest(
    [property: ReasonField, Description("The reason, recorded in the journal.")] string? Reason);

internal sealed class RevokeKeyRequestValidator : AbstractValidator<RevokeKeyRequest>
{
    public RevokeKeyRequestValidator() => RuleFor(r => r.Reason).IsReason();
}

internal static class RevokeKey
{
    public static void MapRevokeKey(this RouteGroupBuilder keys) =>
        keys.MapPost("/{kid}/actions/revoke", HandleAsync)
            .WithName("RevokeKey")
            .WithSummary("Revokes one key version for good: every use is refused. Its public key and metadata stay readable.")
            .WithRequestExample("""{"reason":"The laptop that held a backup was stolen."}""")
            .WithOptionalValidation<RevokeKeyRequest, RevokeKeyRequestValidator>()
            .Refuses(KmsErrors.KeyVersionNotFound, KmsErrors.KeyDestroyed, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<NoContent> HandleAsync(
        [KidField, ParameterExample(DemoKeys.RetiredKid), Description("The kid of the version.")] string kid,
        RevokeKeyRequest? request,
        Caller caller,
        KeyLifecycle keys,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        Done done = await keys.RevokeAsync(caller, KeyPath.ToKid(kid), request?.Reason, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return TypedResults.NoContent();
    }
}
