using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Api.Http;
using Qkms.Api.Idempotency;
using Qkms.Core.Callers;
using Qkms.Core.Errors;
using Qkms.Core.Lifecycle;
using Qkms.Core.Time;

namespace Qkms.Api.Keys;

internal sealed record RetireKeyRequest(
    [property: Required, Description("The algorithm: its FIPS name or an accepted alias.")] AlgorithmText? Algorithm,
    [property: Required, KeyVersionField, Description("The number of the version to retire.")] int? KeyVersion,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("'enc' or 'sig'. Default for RSA: 'enc'.")] UseText? Use,
    [property: Description("Whether to retire the version even if it is the only active one. Default: false.")] bool? AllowNoActive) : IKeySelectorFields;

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
            .WithRequestExample("""{"algorithm":"ML-KEM-768","key_version":1}""")
            .WithValidation(new RetireKeyRequestValidator())
            .Requires(Permission.KeysRetire)
            .Refuses(KmsErrors.KeyVersionNotFound, KmsErrors.OnlyActiveKey, KmsErrors.KeyRevoked, KmsErrors.KeyDestroyed, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey<RetireKeyRequest>();

    private static Task<Enveloped<KeyVersionResponse>> HandleAsync(
        RetireKeyRequest request, Caller caller, KeyLifecycle keys, TimeProvider time, CancellationToken cancellationToken) => keys.RetireAsync(
            caller,
            new RetireKeyCommand(request.ToKeySelector(), request.KeyVersion!.Value, request.AllowNoActive ?? false),
            retired => Enveloped.Ok(KeyVersionResponse.From(retired, request.Algorithm?.Text, time.GetUtcMilliseconds())),
            cancellationToken);
}
