using System.ComponentModel;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Api.Keys;
using Qkms.Core.Idempotency;
using Qkms.Core.Lifecycle;
using Qkms.Core.Rotations;

namespace Qkms.Api.Rotations;

internal sealed record NewKeyRequest(
    [property: Description("Your own kid for the successor; not a word of a route, such as 'active'. Default: a UUID.")] KidText? Kid,
    [property: Description("The algorithm of the successor. Default: the same. Another one needs 'allow_algorithm_change'.")]
    AlgorithmText? Algorithm);

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
    bool? AllowAlgorithmChange);

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
            .WithSummary("Rotates the version that a kid names: its successor becomes active, and the version is retired.")
            .WithDescription(
                "The successor has the same algorithm unless 'new_key' names another one and 'allow_algorithm_change' is true: it is then "
                + "the next version of the key of that algorithm with the same name and use, and the rotation chain goes on there. "
                + "Without an active version you can rotate the newest one, which keeps its status.")
            .WithRequestExample("""{"new_key":{"kid":"demo-dsa-2"}}""")
            .WithOptionalValidation(new RotateVersionRequestValidator())
            .Requires(Permission.KeysRotate)
            .Refuses(
                KmsErrors.KeyVersionNotFound,
                KmsErrors.ActiveKeyExists,
                KmsErrors.KeyRevoked,
                KmsErrors.KeyChanged,
                KmsErrors.KeyDestroyed,
                KmsErrors.KeyDisabled,
                KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<Reply<KeyVersionResponse>> HandleAsync(
        [KidField, ParameterExample("demo-dsa-1"), Description("The kid of the version.")] string kid,
        RotateVersionRequest? request,
        Caller caller,
        KeyRotations rotations,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        RotationOrder order = ToOrder(KeyPath.ToKid(kid), request);
        Done<KeyRotation> done = await rotations.RotateAsync(caller, order, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Ok(KeyVersionResponse.From(done.Result.Active, order.Spelling, done.At));
    }

    private static RotationOrder ToOrder(Kid kid, RotateVersionRequest? request) => new(
        kid,
        request?.NewKey?.Kid?.Value,
        request?.NewKey?.Algorithm?.Value,
        request?.NewKey?.Algorithm?.Text,
        request?.AllowAlgorithmChange ?? false);
}
