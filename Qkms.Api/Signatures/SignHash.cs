using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Signatures;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

internal sealed record SignHashRequest(
    [property: Required, HashField, Description("The hash, base64. Its length must match the hash function.")] byte[]? Hash,
    [property: Required, SignatureHashField(MinLength = 1)]
    [property: Description("The hash function that produced it: SHA-256, SHA-384 or SHA-512.")]
    SignatureHashText? HashAlgorithm,
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

internal sealed class SignHashRequestValidator : KeyChoiceValidator<SignHashRequest>
{
    public SignHashRequestValidator()
    {
        RuleFor(r => r.HashAlgorithm).IsGivenSignatureHash();
        RuleFor(r => r.Hash).IsGiven().IsHashOf(r => r.HashAlgorithm);
        RuleFor(r => r.SignatureContext).IsAtMost(Signer.MaxContextLength);
    }
}

internal sealed record SignHashResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public SignHashResponse(Used<byte[]> made, string? spelling, string hashAlgorithm)
        : base(made.Key, spelling, made.Warnings) => (Signature, HashAlgorithm) = (made.Result, hashAlgorithm);

    [Description("The signature, base64.")]
    [SignatureField]
    public byte[] Signature { get; }

    [Description("The hash function that produced the hash.")]
    [SignatureHashField]
    public string HashAlgorithm { get; }

    [Description("detached: the signature does not contain the message.")]
    [Field(Words = [SignatureEndpoints.SignatureType], Example = SignatureEndpoints.SignatureType)]
    public string SignatureType { get; } = SignatureEndpoints.SignatureType;
}

internal static class SignHash
{
    public static void MapSignHash(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/sign-hash", HandleAsync)
            .WithName("SignHash")
            .WithSummary("Signs a hash: HashML-DSA or RSA-PSS. The service does not see the message.")
            .WithRequestExample(
                """
                {
                  "hash":"m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==",
                  "hash_algorithm":"SHA-512",
                  "algorithm":"ML-DSA-65","name":"demo"
                }
                """)
            .WithValidation(new SignHashRequestValidator())
            .Requires(Permission.SignHash)
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<SignHashResponse>> HandleAsync(
        SignHashRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm, follow: request.Follow == true);
        SignatureHash function = request.HashAlgorithm?.Value!;
        Used<byte[]> made = await signer.SignHashAsync(
            caller, choice, request.Hash!, function, request.SignatureContext ?? [], cancellationToken);
        return Reply.Ok(new SignHashResponse(made, request.Algorithm?.Text, function.Name));
    }
}
