using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Algorithms;
using Qkms.Core.Idempotency;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Keys;

internal sealed record GenerateKeyRequest(
    [property: Required, Description("The algorithm: its FIPS name or an accepted alias.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("'enc', 'sig' or 'kem', where the algorithm leaves a choice. Default: 'enc' for RSA and ML-KEM.")] UseText? Use,
    [property: Description("Your own kid; not a word of a route, such as 'active'. Default: a UUID.")] KidText? Kid,
    [property: OaepHashField]
    [property: Description("The hash function of RSA-OAEP and its MGF1. Default: SHA-256. Only for RSA encryption keys.")]
    string? OaepHash,
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

internal sealed class GenerateKeyRequestValidator : KeySelectorValidator<GenerateKeyRequest>
{
    public GenerateKeyRequestValidator()
    {
        RuleFor(r => r.Kid).IsKid();
        RuleFor(r => r.OaepHash)
            .Must(hash => hash is null || OaepHash.Parse(hash) is not null)
            .WithMessage($"must be one of {string.Join(", ", OaepHash.All)}")
            .Must((r, hash) => hash is null || TakesOaep(r))
            .WithMessage("is only for RSA encryption keys");
    }

    internal static bool TakesOaep(GenerateKeyRequest request) =>
        request.Algorithm?.Value is { } algorithm && algorithm.Family.TakesOaepHash(request.Use?.Value ?? algorithm.Uses[0]);
}

internal static class GenerateKey
{
    public static void MapGenerateKey(this RouteGroupBuilder keys) =>
        keys.MapPost("/generate", HandleAsync)
            .WithName("GenerateKey")
            .WithSummary("Generates a key: the first version of a name and algorithm, or the next one if none is active.")
            .WithRequestExample("""{"algorithm":"ML-KEM-768","name":"orders"}""")
            .WithValidation<GenerateKeyRequest, GenerateKeyRequestValidator>()
            .WithMetadata(KeyEndpoints.NewVersion)
            .Refuses(KmsErrors.ActiveKeyExists, KmsErrors.KeyChanged, KmsErrors.QuotaExceeded, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<CreatedReply<KeyVersionResponse>> HandleAsync(
        GenerateKeyRequest request, Caller caller, KeyLifecycle keys, HttpContext http, CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        Done<KeyVersion> done = await keys.GenerateAsync(caller, ToCommand(request), repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        KeyVersionResponse data = KeyVersionResponse.From(done.Result, request.Algorithm?.Text, done.At);
        return Reply.Created(data, GetKey.RouteName, new { key = data.Kid });
    }

    private static GenerateKeyCommand ToCommand(GenerateKeyRequest request) => new(
        request.ToKeySelector(),
        request.Algorithm?.Text!,
        request.Kid?.Value,
        GenerateKeyRequestValidator.TakesOaep(request) ? OaepHash.Parse(request.OaepHash) ?? OaepHash.Default : null,
        request.ToLimitChanges());
}
