using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Idempotency;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Keys;

internal sealed record RetireKeyRequest(
    [property: Required, Description("The algorithm: its FIPS name or an accepted alias.")] AlgorithmText? Algorithm,
    [property: Required, KeyVersionField, Description("The number of the version to retire.")] int? KeyVersion,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("'enc', 'sig' or 'kem', where the algorithm leaves a choice. Default: 'enc' for RSA and ML-KEM.")] UseText? Use,
    [property: Description("Whether to retire the version even if it is the only active one. Default: false.")]
    bool? AllowNoActive) : IKeySelectorFields;

internal sealed class RetireKeyRequestValidator : KeySelectorValidator<RetireKeyRequest>
{
    public RetireKeyRequestValidator() => RuleFor(r => r.KeyVersion).IsKeyVersion();
}

internal static class RetireKey
{
    public static void MapRetireKey(this RouteGroupBuilder keys) =>
        keys.MapPost("/retire", HandleAsync)
            .WithName("RetireKey")
            .WithSummary("Retires one key version: it still decrypts and verifies, but no longer encrypts or signs.")
            .WithRequestExample("""{"algorithm":"ML-KEM-768","key_version":1,"name":"demo"}""")
            .WithValidation<RetireKeyRequest, RetireKeyRequestValidator>()
            .Refuses(
                KmsErrors.KeyVersionNotFound,
                KmsErrors.OnlyActiveKey,
                KmsErrors.KeyRevoked,
                KmsErrors.KeyDestroyed,
                KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<Reply<KeyVersionResponse>> HandleAsync(
        RetireKeyRequest request, Caller caller, KeyLifecycle keys, HttpContext http, CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        RetireKeyCommand command = new(request.ToKeySelector(), request.KeyVersion!.Value, request.AllowNoActive ?? false);
        Done<KeyVersion> done = await keys.RetireAsync(caller, command, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Ok(KeyVersionResponse.From(done.Result, request.Algorithm?.Text, done.At));
    }
}
