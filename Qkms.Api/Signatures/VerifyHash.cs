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

internal sealed record VerifyHashRequest(
    [property: HashField]
    [property: Description("The hash, base64. Its length must match the hash function. Give either this or items.")]
    byte[]? Hash,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of hashes of the same function with their signatures, each with its own context.")]
    [property: JsonConverter(typeof(BatchConverter<VerifyHashItemRequest>))]
    IReadOnlyList<VerifyHashItemRequest?>? Items,
    [property: Required, SignatureHashField(MinLength = 1)]
    [property: Description("The hash function that produced it: SHA-256, SHA-384 or SHA-512.")]
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
    [property: AlgorithmForField(KeyOperation.Verify, ofHash: true), Description("The algorithm. Default: ML-DSA-65.")]
    AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed record VerifyHashItemRequest(
    [property: Required, HashField, Description("The hash, base64. Its length must match the hash function.")] byte[]? Hash,
    [property: Required, SignatureField, Description("The signature, base64.")] byte[]? Signature,
    [property: SignatureContextField]
    [property: Description("The context string of FIPS 204, at most 255 bytes, base64. Only for ML-DSA.")]
    byte[]? SignatureContext);

internal sealed class VerifyHashRequestValidator : KeyChoiceValidator<VerifyHashRequest>
{
    public VerifyHashRequestValidator()
    {
        RuleFor(r => r.HashAlgorithm).IsGivenSignatureHash();
        RuleFor(r => r.Hash)
            .Must((r, hash) => (hash is null) != (r.Items is null)).WithMessage(SignatureRules.NeedsOneOrItems)
            .IsHashOf(r => r.HashAlgorithm);
        RuleFor(r => r.Padding).IsSignaturePadding();
        RuleFor(r => r.SignatureContext)
            .Must((r, context) => context is null || r.Items is null).WithMessage(SignatureRules.BelongsInItems)
            .IsAtMost(Signer.MaxContextLength);
        RuleFor(r => r.Signature)
            .Must((r, signature) => (signature is null) != (r.Items is null)).WithMessage(SignatureRules.NeedsOneOrItems);
        RuleFor(r => r.Items).IsBatch((request, item, refuse) =>
        {
            if (item.Hash is null)
                refuse("hash", SignatureRules.Required);
            else if (request.HashAlgorithm?.Value is { } function && item.Hash.Length != function.Length)
                refuse("hash", SignatureHashRules.WrongLength);
            else if (item.Signature is null)
                refuse("signature", SignatureRules.Required);
            else if (item.SignatureContext?.Length > Signer.MaxContextLength)
                refuse("signature_context", SizeRules.TooLong(Signer.MaxContextLength));
        });
    }
}

internal sealed record VerifyHashResponse : VerifyingResponse
{
    [SetsRequiredMembers]
    public VerifyHashResponse(Used<bool> verified, VerifyHashRequest request)
        : base(verified, request.Algorithm?.Text) => (HashAlgorithm, Padding) = (
            request.HashAlgorithm?.Value!.Name!, SignatureRules.PaddingOf(verified.Key, request.Padding));

    [SetsRequiredMembers]
    public VerifyHashResponse(IReadOnlyList<ItemOf<Used<bool>>> verified, VerifyHashRequest request)
        : base(verified)
    {
        HashAlgorithm = request.HashAlgorithm?.Value!.Name!;
        ChosenKey? used = verified.Select(item => item.Result?.Key).FirstOrDefault(key => key is not null);
        Padding = used is { } known ? SignatureRules.PaddingOf(known, request.Padding) : null;
    }

    [Description("The hash function that produced the hash.")]
    [SignatureHashField]
    public string HashAlgorithm { get; }

    [Description("The padding of RSA: pss or pkcs1. Absent for others, which have no choice.")]
    [PaddingField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Padding { get; }

    [Description("detached: the signature does not contain the message.")]
    [Field(Words = [SignatureEndpoints.SignatureType], Example = SignatureEndpoints.SignatureType)]
    public string SignatureType { get; } = SignatureEndpoints.SignatureType;
}

internal static class VerifyHash
{
    public static void MapVerifyHash(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/verify-hash", HandleAsync)
            .WithName("VerifyHash")
            .WithSummary("Verifies the signature of one hash, or of a batch of items. A wrong signature is not an error: valid is false.")
            .WithDescription(KeyChoiceFields.OlderVersions)
            .WithRequestExample(
                """
                {
                  "hash":"m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==",
                  "hash_algorithm":"SHA-512","signature":"paste+from+SignHash+",
                  "algorithm":"ML-DSA-65","name":"demo"
                }
                """)
            .WithValidation<VerifyHashRequest, VerifyHashRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Reading);

    private static async Task<Reply<VerifyHashResponse>> HandleAsync(
        VerifyHashRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm);
        SignatureHash function = request.HashAlgorithm?.Value!;
        SignaturePadding? padding = SignaturePaddings.Parse(request.Padding);
        if (request.Items is null)
        {
            HashParameters parameters = new(function, request.SignatureContext ?? [], padding);
            return Reply.Ok(new VerifyHashResponse(
                await signer.VerifyHashAsync(caller, choice, request.Hash!, parameters, request.Signature!, cancellationToken), request));
        }

        (byte[], HashParameters, byte[])[] items =
        [
            .. request.Items.Select(item =>
                (item!.Hash!, new HashParameters(function, item.SignatureContext ?? [], padding), item.Signature!)),
        ];
        return Reply.Ok(new VerifyHashResponse(await signer.VerifyHashManyAsync(caller, choice, items, cancellationToken), request));
    }
}
