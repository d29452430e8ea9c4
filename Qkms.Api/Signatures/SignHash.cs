using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Signatures;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

internal sealed record SignHashRequest(
    [property: Required, Description("The hash, base64, as long as the function makes it.")] byte[]? Hash,
    [property: Required, Description("The function that made it: SHA-256, SHA-384 or SHA-512.")] string? HashAlgorithm,
    [property: Description("The context of FIPS 204, at most 255 bytes, base64; not for RSA.")] byte[]? SignatureContext,
    [property: Description("The key version by its kid.")] string? Kid,
    [property: Description("The key version by its number, with algorithm and name.")] int? KeyVersion,
    [property: Description("The algorithm; ML-DSA-65 unless given.")] string? Algorithm,
    [property: Description("The name of the logical key; 'default' unless given.")] string? Name,
    [property: Description("Whether the end of its rotation chain signs instead of a retired kid; false unless given.")] bool? Follow) : IKeyChoiceFields;

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
    public byte[] Signature { get; }

    [Description("The function that made the hash.")]
    public string HashAlgorithm { get; }

    [Description("detached: the signature does not contain what it signs.")]
    public string SignatureType { get; } = SignatureEndpoints.SignatureType;
}

internal static class SignHash
{
    public static void MapSignHash(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/sign-hash", HandleAsync)
            .WithName("SignHash")
            .WithSummary("Signs a hash whose message the service does not see: HashML-DSA, or RSA-PSS.")
            .WithRequestExample("""{"hash":"LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=","hash_algorithm":"SHA-256"}""")
            .WithValidation(new SignHashRequestValidator())
            .Requires(Permission.SignHash)
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Enveloped<SignHashResponse>> HandleAsync(SignHashRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm, follow: request.Follow == true);
        Used<byte[]> made = await signer.SignHashAsync(caller, choice, request.Hash!, SignatureHashFields.Read(request.HashAlgorithm)!, request.SignatureContext ?? [], cancellationToken);
        return Enveloped.Ok(new SignHashResponse(made, request.Algorithm, request.HashAlgorithm!));
    }
}
