using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Signatures;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

internal sealed record VerifyHashRequest(
    [property: Required, Description("The hash, base64, as long as the function makes it.")] byte[]? Hash,
    [property: Required, Description("The function that made it: SHA-256, SHA-384 or SHA-512.")] string? HashAlgorithm,
    [property: Required, Description("The signature, base64.")] byte[]? Signature,
    [property: Description("The context of FIPS 204, at most 255 bytes, base64; not for RSA.")] byte[]? SignatureContext,
    [property: Description("The key version by its kid.")] string? Kid,
    [property: Description("The key version by its number, with algorithm and name.")] int? KeyVersion,
    [property: Description("The algorithm; ML-DSA-65 unless given.")] string? Algorithm,
    [property: Description("The name of the logical key; 'default' unless given.")] string? Name) : IKeyChoiceFields;

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

    [Description("Whether the signature is the key's for this input.")]
    public bool Valid { get; }

    [Description("The function that made the hash.")]
    public string HashAlgorithm { get; }

    [Description("detached: the signature does not contain what it signs.")]
    public string SignatureType { get; } = SignatureEndpoints.SignatureType;
}

internal static class VerifyHash
{
    public static void MapVerifyHash(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/verify-hash", HandleAsync)
            .WithName("VerifyHash")
            .WithSummary("Verifies the signature of a hash. A wrong signature is no error: valid is false.")
            .WithRequestExample("""{"hash":"LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=","hash_algorithm":"SHA-256","signature":"SGVsbG8h"}""")
            .WithValidation(new VerifyHashRequestValidator())
            .Requires(Permission.VerifyHash)
            .Refuses(KeyUseRefusals.Reading);

    private static async Task<Enveloped<VerifyHashResponse>> HandleAsync(VerifyHashRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm);
        Used<bool> verified = await signer.VerifyHashAsync(caller, choice, request.Hash!, SignatureHashFields.Read(request.HashAlgorithm)!, request.SignatureContext ?? [], request.Signature!, cancellationToken);
        return Enveloped.Ok(new VerifyHashResponse(verified, request.Algorithm, request.HashAlgorithm!));
    }
}
