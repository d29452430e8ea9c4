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

internal sealed record SignRequest(
    [property: BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The message, base64, at most 1 MB. Give either this or items.")]
    byte[]? Message,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of messages for the same key, each with its own context.")]
    [property: JsonConverter(typeof(BatchConverter<SignItemRequest>))]
    IReadOnlyList<SignItemRequest?>? Items,
    [property: Description("The hash function of RSA and EC. Default: SHA-256, SHA-384 for EC-P384, SHA-512 for EC-P521. Only for those.")]
    SignatureHashText? HashAlgorithm,
    [property: PaddingField]
    [property: Description("The padding of RSA: pss (default) or pkcs1, for verifiers that know nothing else. Only for RSA.")]
    string? Padding,
    [property: SignatureContextField]
    [property: Description("The context string of FIPS 204, at most 255 bytes, base64. Only for ML-DSA.")]
    byte[]? SignatureContext,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Sign), Description("The algorithm. Default: ML-DSA-65.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether the last version of the rotation chain signs if the kid is retired. Default: false.")]
    bool? Follow) : IKeyChoiceFields;

internal sealed record SignItemRequest(
    [property: Required, BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The message, base64.")]
    byte[]? Message,
    [property: SignatureContextField]
    [property: Description("The context string of FIPS 204, at most 255 bytes, base64. Only for ML-DSA.")]
    byte[]? SignatureContext);

internal sealed class SignRequestValidator : KeyChoiceValidator<SignRequest>
{
    public SignRequestValidator()
    {
        RuleFor(r => r.Message)
            .Must((r, message) => (message is null) != (r.Items is null)).WithMessage(SignatureRules.NeedsOneOrItems)
            .IsAtMost(SizeRules.MaxPayload);
        RuleFor(r => r.HashAlgorithm).IsSignatureHash();
        RuleFor(r => r.Padding).IsSignaturePadding();
        RuleFor(r => r.SignatureContext)
            .Must((r, context) => context is null || r.Items is null).WithMessage(SignatureRules.BelongsInItems)
            .IsAtMost(Signer.MaxContextLength);
        RuleFor(r => r.Items).IsBatch((item, refuse) =>
        {
            if (item.Message is null)
                refuse("message", SignatureRules.Required);
            else if (item.Message.Length > SizeRules.MaxPayload)
                refuse("message", SizeRules.TooLong(SizeRules.MaxPayload));
            else if (item.SignatureContext?.Length > Signer.MaxContextLength)
                refuse("signature_context", SizeRules.TooLong(Signer.MaxContextLength));
        });
    }
}

internal sealed record SignResponse : SigningResponse
{
    [SetsRequiredMembers]
    public SignResponse(Used<byte[]> made, SignRequest request)
        : base(made, request.Algorithm?.Text) => (HashAlgorithm, Padding) = Choices(made.Key, request);

    [SetsRequiredMembers]
    public SignResponse(Used<IReadOnlyList<ItemOf<byte[]>>> made, SignRequest request)
        : base(made, request.Algorithm?.Text) => (HashAlgorithm, Padding) = Choices(made.Key, request);

    [Description("The hash function of RSA and EC, which verification needs. Absent for ML-DSA and Ed25519, which have no choice.")]
    [SignatureHashField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HashAlgorithm { get; }

    [Description("The padding of RSA: pss or pkcs1. Absent for others, which have no choice.")]
    [PaddingField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Padding { get; }

    private static (string? Hash, string? Padding) Choices(ChosenKey used, SignRequest request) => (
        SignatureHashText.NameFor(used, request.HashAlgorithm?.Value), SignatureRules.PaddingOf(used, request.Padding));
}

internal static class Sign
{
    public static void MapSign(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/sign", HandleAsync)
            .WithName("Sign")
            .WithSummary("Signs one message, or a batch of items, with ML-DSA (hedged), RSA, ECDSA or Ed25519.")
            .WithRequestExample("""{"message":"aGVsbG8=","algorithm":"ML-DSA-65","name":"demo"}""")
            .WithValidation<SignRequest, SignRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<SignResponse>> HandleAsync(
        SignRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm, follow: request.Follow == true);
        SignatureHash? hash = request.HashAlgorithm?.Value;
        SignaturePadding? padding = SignaturePaddings.Parse(request.Padding);
        if (request.Items is null)
        {
            SignatureParameters parameters = new(request.SignatureContext ?? [], hash, padding);
            return Reply.Ok(new SignResponse(
                await signer.SignAsync(caller, choice, request.Message!, parameters, cancellationToken), request));
        }

        (byte[], SignatureParameters)[] items =
        [
            .. request.Items.Select(item => (item!.Message!, new SignatureParameters(item.SignatureContext ?? [], hash, padding))),
        ];
        return Reply.Ok(new SignResponse(await signer.SignManyAsync(caller, choice, hash, items, cancellationToken), request));
    }
}
