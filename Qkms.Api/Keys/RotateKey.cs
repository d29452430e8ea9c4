using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Idempotency;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Keys;

internal sealed record RotateKeyRequest(
    [property: Required, Description("The algorithm: its FIPS name or an accepted alias.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("'enc', 'sig' or 'kem', where the algorithm leaves a choice. Default: 'enc' for RSA and ML-KEM.")] UseText? Use,
    [property: KeyVersionField]
    [property: Description("The version that you expect to be active. It keeps a repeated call from rotating twice.")]
    int? ExpectedKeyVersion,
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
    DaysMember RotationPeriod) : IKeySelectorFields, IKeyLimitFields;

internal sealed class RotateKeyRequestValidator : KeySelectorValidator<RotateKeyRequest>
{
    public RotateKeyRequestValidator() =>
        RuleFor(r => r.ExpectedKeyVersion).Must(version => version is null or > 0).WithMessage("must be a whole number from 1");
}

internal sealed record RotatedKeyResponse : KeyVersionResponse
{
    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    public RotatedKeyResponse(KeyVersionResponse active, int oldKeyVersion)
        : base(active) => OldKeyVersion = oldKeyVersion;

    [Description("The number of the version before: the one that was active and is now retired; where none was active, the newest, whose "
        + "status stays.")]
    [KeyVersionField]
    [JsonPropertyOrder(1)]
    public int OldKeyVersion { get; }
}

internal static class RotateKey
{
    public static void MapRotateKey(this RouteGroupBuilder keys) =>
        keys.MapPost("/rotate", HandleAsync)
            .WithName("RotateKey")
            .WithSummary("Rotates a key: a new version becomes active. The old one is retired; it still decrypts and verifies. "
                + "Where none is active, the new version follows the newest one.")
            .WithDescription(
                "The new version has the limits of the old one, counted from its own creation, where the request does not set others; null "
                + "removes one.")
            .WithRequestExample("""{"algorithm":"ML-KEM-768","name":"demo"}""")
            .WithValidation<RotateKeyRequest, RotateKeyRequestValidator>()
            .WithMetadata(KeyEndpoints.NewVersion)
            .Refuses(
                KmsErrors.KeyVersionNotFound,
                KmsErrors.KeyChanged,
                KmsErrors.KeyDisabled,
                KmsErrors.QuotaExceeded,
                KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<CreatedReply<RotatedKeyResponse>> HandleAsync(
        RotateKeyRequest request, Caller caller, KeyLifecycle keys, HttpContext http, CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        RotateKeyCommand command = new(
            request.ToKeySelector(), request.Algorithm?.Text!, request.ExpectedKeyVersion, request.ToLimitChanges());
        Done<KeyRotation> done = await keys.RotateAsync(caller, command, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        KeyVersionResponse active = KeyVersionResponse.From(done.Result.Active, request.Algorithm?.Text, done.At);
        return Reply.Created(new RotatedKeyResponse(active, done.Result.Retired.Version), GetKey.RouteName, new { key = active.Kid });
    }
}
