using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Signatures;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

internal sealed record VerifyHashRequest(
    [property: Required, HashField, Description("The hash, base64. Its length must match the hash function.")] byte[]? Hash,
    [property: Required, SignatureHashField(MinLength = 1)]
    [property: Description("The hash function that produced it: SHA-256, SHA-384 or SHA-512.")]
    SignatureHashText? HashAlgorithm,
    [property: Required, SignatureField, Description("The signature, base64.")] byte[]? Signature,
    [property: SignatureContextField]
    [property: Description("The context string of FIPS 204, at most 255 bytes, base64. Only for ML-DSA.")]
    byte[]? SignatureContext,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Verify, ofHash: true), Description("The algorithm. Default: ML-DSA-65.")]
    AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed class VerifyHashRequestValidator : KeyChoiceValidator<VerifyHashRequest>
{
    public VerifyHashRequestValidator()
    {
        RuleFor(r => r.HashAlgorithm).IsGivenSignatureHash();
        RuleFor(r => r.Hash).IsGiven().IsHashOf(r => r.HashAlgorithm);
        RuleFor(r => r.SignatureContext).IsAtMost(Signer.MaxContextLength);
        RuleFor(r => r.Signature).IsGiven();
    }
}

internal sealed record VerifyHashResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public VerifyHashResponse(Used<bool> verified, string? spelling, string hashAlgorithm)
        : base(verified.Key, spelling, verified.Warnings) => (Valid, HashAlgorithm) = (verified.Result, hashAlgorithm);

    [Description("Whether the signature is valid for this key and input.")]
    public bool Valid { get; }

    [Description("The hash function that produced the hash.")]
    [SignatureHashField]
    public string HashAlgorithm { get; }

    [Description("detached: the signature does not contain the message.")]
    [Field(Words = [SignatureEndpoints.SignatureType], Example = SignatureEndpoints.SignatureType)]
    public string SignatureType { get; } = SignatureEndpoints.SignatureType;
}

internal static class VerifyHash
{
    public static void MapVerifyHash(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/verify-hash", HandleAsync)
            .WithName("VerifyHash")
            .WithSummary("Verifies the signature of a hash. A wrong signature is not an error: valid is false.")
            .WithRequestExample(
                """
                {
                  "hash":"m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==",
                  "hash_algorithm":"SHA-512","signature":"paste+from+SignHash+",
                  "algorithm":"ML-DSA-65","name":"demo"
                }
                """)
            .WithValidation(new VerifyHashRequestValidator())
            .Requires(Permission.VerifyHash)
            .Refuses(KeyUseRefusals.Reading);

    private static async Task<Reply<VerifyHashResponse>> HandleAsync(
        VerifyHashRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm);
        SignatureHash function = request.HashAlgorithm?.Value!;
        Used<bool> verified = await signer.VerifyHashAsync(
            caller, choice, request.Hash!, function, request.SignatureContext ?? [], request.Signature!, cancellationToken);
        return Reply.Ok(new VerifyHashResponse(verified, request.Algorithm?.Text, function.Name));
    }
}
