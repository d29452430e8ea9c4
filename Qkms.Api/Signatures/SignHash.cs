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

internal sealed record SignHashRequest(
    [property: HashField]
    [property: Description("The hash, base64. Its length must match the hash function. Give either this or items.")]
    byte[]? Hash,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of hashes of the same function for the same key, each with its own context.")]
    [property: JsonConverter(typeof(BatchConverter<SignHashItemRequest>))]
    IReadOnlyList<SignHashItemRequest?>? Items,
    [property: Required, SignatureHashField(MinLength = 1)]
    [property: Description("The hash function that produced it: SHA-256, SHA-384 or SHA-512.")]
    SignatureHashText? HashAlgorithm,
    [property: PaddingField]
    [property: Description("The padding of RSA: pss (default) or pkcs1, for verifiers that know nothing else. Only for RSA.")]
    string? Padding,
    [property: SignatureContextField]
    [property: Description("The context string of FIPS 204, at most 255 bytes, base64. Only for ML-DSA.")]
    byte[]? SignatureContext,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Sign, ofHash: true), Description("The algorithm. Default: ML-DSA-65.")]
    AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether the last version of the rotation chain signs if the kid is retired. Default: false.")]
    bool? Follow) : IKeyChoiceFields;

internal sealed record SignHashItemRequest(
    [property: Required, HashField, Description("The hash, base64. Its length must match the hash function.")] byte[]? Hash,
    [property: SignatureContextField]
    [property: Description("The context string of FIPS 204, at most 255 bytes, base64. Only for ML-DSA.")]
    byte[]? SignatureContext);

internal sealed class SignHashRequestValidator : KeyChoiceValidator<SignHashRequest>
{
    public SignHashRequestValidator()
    {
        RuleFor(r => r.HashAlgorithm).IsGivenSignatureHash();
        RuleFor(r => r.Hash)
            .Must((r, hash) => (hash is null) != (r.Items is null)).WithMessage(SignatureRules.NeedsOneOrItems)
            .IsHashOf(r => r.HashAlgorithm);
        RuleFor(r => r.Padding).IsSignaturePadding();
        RuleFor(r => r.SignatureContext)
            .Must((r, context) => context is null || r.Items is null).WithMessage(SignatureRules.BelongsInItems)
            .IsAtMost(Signer.MaxContextLength);
        RuleFor(r => r.Items).IsBatch((request, item, refuse) =>
        {
            if (item.Hash is null)
                refuse("hash", SignatureRules.Required);
            else if (request.HashAlgorithm?.Value is { } function && item.Hash.Length != function.Length)
                refuse("hash", SignatureHashRules.WrongLength);
            else if (item.SignatureContext?.Length > Signer.MaxContextLength)
                refuse("signature_context", SizeRules.TooLong(Signer.MaxContextLength));
        });
    }
}

internal sealed record SignHashResponse : SigningResponse
{
    [SetsRequiredMembers]
    public SignHashResponse(Used<byte[]> made, SignHashRequest request)
        : base(made, request.Algorithm?.Text) => (HashAlgorithm, Padding) = Choices(made.Key, request);

    [SetsRequiredMembers]
    public SignHashResponse(Used<IReadOnlyList<ItemOf<byte[]>>> made, SignHashRequest request)
        : base(made, request.Algorithm?.Text) => (HashAlgorithm, Padding) = Choices(made.Key, request);

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

    private static (string Hash, string? Padding) Choices(ChosenKey used, SignHashRequest request) =>
        (request.HashAlgorithm?.Value!.Name!, SignatureRules.PaddingOf(used, request.Padding));
}

internal static class SignHash
{
    public static void MapSignHash(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/sign-hash", HandleAsync)
            .WithName("SignHash")
            .WithSummary("Signs one hash, or a batch of items: HashML-DSA, RSA or ECDSA. The service does not see the message.")
            .WithRequestExample(
                """
                {
                  "hash":"m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==",
                  "hash_algorithm":"SHA-512",
                  "algorithm":"ML-DSA-65","name":"demo"
                }
                """)
            .WithValidation<SignHashRequest, SignHashRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<SignHashResponse>> HandleAsync(
        SignHashRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm, follow: request.Follow == true);
        SignatureHash function = request.HashAlgorithm?.Value!;
        SignaturePadding? padding = SignaturePaddings.Parse(request.Padding);
        if (request.Items is null)
        {
            HashParameters parameters = new(function, request.SignatureContext ?? [], padding);
            return Reply.Ok(new SignHashResponse(
                await signer.SignHashAsync(caller, choice, request.Hash!, parameters, cancellationToken), request));
        }

        (byte[], HashParameters)[] items =
            [.. request.Items.Select(item => (item!.Hash!, new HashParameters(function, item.SignatureContext ?? [], padding)))];
        return Reply.Ok(new SignHashResponse(
            await signer.SignHashManyAsync(caller, choice, function, items, cancellationToken), request));
    }
}
