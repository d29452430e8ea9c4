using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using FluentValidation;
using Qkms.Api.Encryption;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Signatures;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

internal sealed record VerifyRequest(
    [property: BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The message, base64, at most 1 MB. Give either this or items.")]
    byte[]? Message,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of messages with their signatures, each with its own context.")]
    [property: JsonConverter(typeof(BatchConverter<VerifyItemRequest>))]
    IReadOnlyList<VerifyItemRequest?>? Items,
    [property: Description("The hash function of RSA and EC. Default: SHA-256, SHA-384 for EC-P384, SHA-512 for EC-P521. Only for those.")]
    SignatureHashText? HashAlgorithm,
    [property: PaddingField]
    [property: Description("The padding of RSA: pss (default) or pkcs1, for verifiers that know nothing else. Only for RSA.")]
    string? Padding,
    [property: SignatureField, Description("The signature, base64. Give either this or items.")] byte[]? Signature,
    [property: SignatureContextField]
    [property: Description("The context string of FIPS 204, at most 255 bytes, base64. Only for ML-DSA.")]
    byte[]? SignatureContext,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Verify), Description("The algorithm. Default: ML-DSA-65.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed record VerifyItemRequest(
    [property: Required, BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The message, base64.")]
    byte[]? Message,
    [property: Required, SignatureField, Description("The signature, base64.")] byte[]? Signature,
    [property: SignatureContextField]
    [property: Description("The context string of FIPS 204, at most 255 bytes, base64. Only for ML-DSA.")]
    byte[]? SignatureContext);

internal sealed class VerifyRequestValidator : KeyChoiceValidator<VerifyRequest>
{
    public VerifyRequestValidator()
    {
        RuleFor(r => r.Message)
            .Must((r, message) => (message is null) != (r.Items is null)).WithMessage(SignatureRules.NeedsOneOrItems)
            .IsAtMost(SizeRules.MaxPayload);
        RuleFor(r => r.HashAlgorithm).IsSignatureHash();
        RuleFor(r => r.Padding).IsSignaturePadding();
        RuleFor(r => r.SignatureContext)
            .Must((r, context) => context is null || r.Items is null).WithMessage(SignatureRules.BelongsInItems)
            .IsAtMost(Signer.MaxContextLength);
        RuleFor(r => r.Signature)
            .Must((r, signature) => (signature is null) != (r.Items is null)).WithMessage(SignatureRules.NeedsOneOrItems);
        RuleFor(r => r.Items).IsBatch((item, refuse) =>
        {
            if (item.Message is null)
                refuse("message", SignatureRules.Required);
            else if (item.Message.Length > SizeRules.MaxPayload)
                refuse("message", SizeRules.TooLong(SizeRules.MaxPayload));
            else if (item.Signature is null)
                refuse("signature", SignatureRules.Required);
            else if (item.SignatureContext?.Length > Signer.MaxContextLength)
                refuse("signature_context", SizeRules.TooLong(Signer.MaxContextLength));
        });
    }
}

internal sealed record VerifyResponse : VerifyingResponse
{
    [SetsRequiredMembers]
    public VerifyResponse(Used<bool> verified, VerifyRequest request)
        : base(verified, request.Algorithm?.Text) => (HashAlgorithm, Padding) = (
            SignatureHashText.NameFor(verified.Key, request.HashAlgorithm?.Value),
            SignatureRules.PaddingOf(verified.Key, request.Padding));

    [SetsRequiredMembers]
    public VerifyResponse(IReadOnlyList<ItemOf<Used<bool>>> verified, VerifyRequest request)
        : base(verified)
    {
        ChosenKey? used = verified.Select(item => item.Result?.Key).FirstOrDefault(key => key is not null);
        if (used is { } known)
        {
            HashAlgorithm = SignatureHashText.NameFor(known, request.HashAlgorithm?.Value);
            Padding = SignatureRules.PaddingOf(known, request.Padding);
        }
    }

    [Description("The hash function that was assumed for RSA and EC. Absent for ML-DSA and Ed25519, which have no choice.")]
    [SignatureHashField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HashAlgorithm { get; }

    [Description("The padding that was assumed for RSA: pss or pkcs1. Absent for others, which have no choice.")]
    [PaddingField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Padding { get; }
}

internal static class Verify
{
    public static void MapVerify(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/verify", HandleAsync)
            .WithName("Verify")
            .WithSummary("Verifies the signature of one message, or of a batch of items. A wrong signature is no error: valid is false.")
            .WithDescription(KeyChoiceFields.OlderVersions)
            .WithRequestExample("""{"message":"aGVsbG8=","signature":"paste+from+Sign+","algorithm":"ML-DSA-65","name":"demo"}""")
            .WithValidation<VerifyRequest, VerifyRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Reading);

    private static async Task<Reply<VerifyResponse>> HandleAsync(
        VerifyRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm);
        SignatureHash? hash = request.HashAlgorithm?.Value;
        SignaturePadding? padding = SignaturePaddings.Parse(request.Padding);
        if (request.Items is null)
        {
            SignatureParameters parameters = new(request.SignatureContext ?? [], hash, padding);
            return Reply.Ok(new VerifyResponse(
                await signer.VerifyAsync(caller, choice, request.Message!, parameters, request.Signature!, cancellationToken), request));
        }

        (byte[], SignatureParameters, byte[])[] items =
        [
            .. request.Items.Select(item =>
                (item!.Message!, new SignatureParameters(item.SignatureContext ?? [], hash, padding), item.Signature!)),
        ];
        return Reply.Ok(new VerifyResponse(await signer.VerifyManyAsync(caller, choice, items, cancellationToken), request));
    }
}
