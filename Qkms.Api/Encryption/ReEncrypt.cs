using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Api.Http;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Encryption;
using Qkms.Core.Errors;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption;

internal sealed record ReEncryptRequest(
    [property: Required, Description("The ciphertext or wrapped data key, base64. A wrapped data key stays one.")] byte[]? Ciphertext,
    [property: Description("The same context as at encryption.")] Dictionary<string, string?>? Context,
    [property: Description("The kid of the version that made the ciphertext. AES-256 ciphertexts name their version, so they need none.")] string? Kid,
    [property: Description("The version that made the ciphertext, by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: Description("The algorithm of the key that made the ciphertext. Default: AES-256.")] string? Algorithm,
    [property: Description("The name of the key that made the ciphertext. Default: 'default'.")] string? Name,
    [property: Description("The new key. Default: the active version of the same logical key.")] ReEncryptDestinationRequest? Destination) : IKeyChoiceFields;

internal sealed record ReEncryptDestinationRequest(
    [property: Description("The kid of the version to encrypt with.")] string? Kid,
    [property: Description("The version to encrypt with, by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: Description("The algorithm of the new key. Default: AES-256.")] string? Algorithm,
    [property: Description("The name of the new key. Default: 'default'.")] string? Name,
    [property: Description("The context of the new ciphertext. Default: the same as before.")] Dictionary<string, string?>? Context,
    [property: Description("Whether to refuse a retired kid instead of using its successor. Default: false.")] bool? Strict) : IKeyChoiceFields;

internal sealed class ReEncryptRequestValidator : KeyChoiceValidator<ReEncryptRequest>
{
    public ReEncryptRequestValidator()
    {
        RuleFor(r => r.Ciphertext).IsGiven().IsAtMost(SizeRules.MaxCiphertext);
        RuleFor(r => r.Context).IsContext();
        RuleFor(r => r.Destination!).SetValidator(new ReEncryptDestinationRequestValidator()).When(r => r.Destination is not null);
    }
}

internal sealed class ReEncryptDestinationRequestValidator : KeyChoiceValidator<ReEncryptDestinationRequest>
{
    public ReEncryptDestinationRequestValidator() => RuleFor(r => r.Context).IsContext();
}

internal sealed record ReEncryptResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public ReEncryptResponse(ChosenKey source, Used<byte[]> result, string? spelling)
        : base(result.Key, spelling) => (Ciphertext, SourceKid) = (result.Result, source.Version.Kid.Value);

    [Description("The new ciphertext, base64.")]
    public byte[] Ciphertext { get; }

    [Description("The kid of the version that decrypted the old ciphertext.")]
    public string SourceKid { get; }
}

internal static class ReEncrypt
{
    public static void MapReEncrypt(this RouteGroupBuilder crypto) =>
        crypto.MapPost("/re-encrypt", HandleAsync)
            .WithName("ReEncrypt")
            .WithSummary("Decrypts with one key and encrypts to another, inside the service. Default destination: the active version of the same key.")
            .WithRequestExample("""{"ciphertext":"UUsBAQEBmPXCfR58OptU","context":{"purpose":"demo"},"destination":{"algorithm":"ML-KEM-768"}}""")
            .WithValidation(new ReEncryptRequestValidator())
            .Requires(Permission.CryptoReEncrypt)
            .Refuses([.. KeyUseRefusals.Creating, KmsErrors.DecryptionFailed]);

    private static async Task<Enveloped<ReEncryptResponse>> HandleAsync(ReEncryptRequest request, Caller caller, ReEncryption reEncryption, CancellationToken cancellationToken)
    {
        ReEncryptDestinationRequest? to = request.Destination;
        EncryptionContext context = request.Context.ToContext();
        (ChosenKey source, Used<byte[]> result) = await reEncryption.ReEncryptAsync(
            caller,
            request.ToKeyChoice(EncryptionEndpoints.DefaultAlgorithm),
            NamesKey(to) ? to.ToKeyChoice(EncryptionEndpoints.DefaultAlgorithm, follow: to.Strict != true) with { FieldPrefix = "destination." } : null,
            context,
            to?.Context?.ToContext() ?? context,
            request.Ciphertext,
            cancellationToken);
        return Enveloped.Ok(new ReEncryptResponse(source, result, to?.Algorithm));
    }

    private static bool NamesKey([NotNullWhen(true)] ReEncryptDestinationRequest? destination) =>
        destination is not null && (destination.Kid ?? destination.Algorithm ?? destination.Name) is not null || destination?.KeyVersion is not null;
}
