using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption;

internal sealed record ReEncryptRequest(
    [property: Required, BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [property: Description("The ciphertext or wrapped data key, base64. A wrapped data key stays one.")]
    byte[]? Ciphertext,
    [property: Description("The same context as at encryption.")] ContextMap? Context,
    [property: Description("The kid of the version that made the ciphertext. AES-256 ciphertexts name their version, so they need none.")]
    KidText? Kid,
    [property: KeyVersionField]
    [property: Description("The version that made the ciphertext, by its number; algorithm and name select the key.")]
    int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Decrypt)]
    [property: Description("The algorithm of the key that made the ciphertext. Default: AES-256.")]
    AlgorithmText? Algorithm,
    [property: Description("The name of the key that made the ciphertext. Default: 'default'.")] KeyNameText? Name,
    [property: Description("The new key. Default: the active version of the same logical key.")]
    ReEncryptDestinationRequest? Destination) : IKeyChoiceFields;

internal sealed record ReEncryptDestinationRequest(
    [property: Description("The kid of the version to encrypt with.")] KidText? Kid,
    [property: KeyVersionField]
    [property: Description("The version to encrypt with, by its number; algorithm and name select the key.")]
    int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Encrypt)]
    [property: Description("The algorithm of the new key. Default: AES-256.")]
    AlgorithmText? Algorithm,
    [property: Description("The name of the new key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("The context of the new ciphertext. Default: the same as before.")] ContextMap? Context,
    [property: Description("Whether to refuse a retired kid instead of using its successor. Default: false.")]
    bool? Strict) : IKeyChoiceFields;

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
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    public byte[] Ciphertext { get; }

    [Description("The kid of the version that decrypted the old ciphertext.")]
    [KidField(Example = KidFieldAttribute.Previous)]
    public string SourceKid { get; }
}

internal static class ReEncrypt
{
    public static void MapReEncrypt(this RouteGroupBuilder crypto) =>
        crypto.MapPost("/re-encrypt", HandleAsync)
            .WithName("ReEncrypt")
            .WithSummary(
                "Decrypts with one key and encrypts to another, inside the service. Default destination: the "
                + "active version of the same key.")
            .WithRequestExample(
                """
                {
                  "ciphertext":"paste+from+Encrypt++",
                  "context":{"purpose":"demo"},
                  "destination":{"algorithm":"ML-KEM-768","name":"demo"}
                }
                """)
            .WithValidation(new ReEncryptRequestValidator())
            .CarriesPayload()
            .Requires(Permission.CryptoReEncrypt)
            .Refuses([.. KeyUseRefusals.Creating, KmsErrors.DecryptionFailed]);

    private static async Task<Reply<ReEncryptResponse>> HandleAsync(
        ReEncryptRequest request, Caller caller, ReEncryption reEncryption, CancellationToken cancellationToken)
    {
        ReEncryptDestinationRequest? to = request.Destination;
        (ChosenKey source, Used<byte[]> result) = await reEncryption.ReEncryptAsync(
            caller,
            request.ToKeyChoice(EncryptionEndpoints.DefaultAlgorithm),
            NamesKey(to)
                ? to.ToKeyChoice(EncryptionEndpoints.DefaultAlgorithm, follow: to.Strict != true) with { FieldPrefix = "destination." }
                : null,
            request.Context.OrEmpty(),
            (to?.Context ?? request.Context).OrEmpty(),
            request.Ciphertext,
            cancellationToken);
        return Reply.Ok(new ReEncryptResponse(source, result, to?.Algorithm?.Text));
    }

    private static bool NamesKey([NotNullWhen(true)] ReEncryptDestinationRequest? destination) =>
        destination is not null and not { Kid: null, Algorithm: null, Name: null, KeyVersion: null };
}
