using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Signatures;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

internal sealed record VerifyRequest(
    [property: Required, BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The message, base64, at most 1 MB.")]
    byte[]? Message,
    [property: Description("The hash function of RSA-PSS. Default: SHA-256. Only for RSA.")] SignatureHashText? HashAlgorithm,
    [property: Required, SignatureField, Description("The signature, base64.")] byte[]? Signature,
    [property: SignatureContextField]
    [property: Description("The context string of FIPS 204, at most 255 bytes, base64. Only for ML-DSA.")]
    byte[]? SignatureContext,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Verify), Description("The algorithm. Default: ML-DSA-65.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed class VerifyRequestValidator : KeyChoiceValidator<VerifyRequest>
{
    public VerifyRequestValidator()
    {
        RuleFor(r => r.Message).IsGiven().IsAtMost(SizeRules.MaxPayload);
        RuleFor(r => r.HashAlgorithm).IsSignatureHash();
        RuleFor(r => r.SignatureContext).IsAtMost(Signer.MaxContextLength);
        RuleFor(r => r.Signature).IsGiven();
    }
}

internal sealed record VerifyResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public VerifyResponse(Used<bool> verified, string? spelling, SignatureHash? hash)
        : base(verified.Key, spelling, verified.Warnings) =>
        (Valid, HashAlgorithm) = (verified.Result, SignatureHashText.NameFor(verified.Key, hash));

    [Description("Whether the signature is valid for this key and input.")]
    public bool Valid { get; }

    [Description("The hash function that was assumed for RSA. Absent for ML-DSA and Ed25519, which have no choice.")]
    [SignatureHashField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HashAlgorithm { get; }
}

internal static class Verify
{
    public static void MapVerify(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/verify", HandleAsync)
            .WithName("Verify")
            .WithSummary("Verifies the signature of a message. A wrong signature is not an error: valid is false.")
            .WithRequestExample("""{"message":"aGVsbG8=","signature":"paste+from+Sign+","algorithm":"ML-DSA-65","name":"demo"}""")
            .WithValidation(new VerifyRequestValidator())
            .CarriesPayload()
            .Requires(Permission.Verify)
            .Refuses(KeyUseRefusals.Reading);

    private static async Task<Reply<VerifyResponse>> HandleAsync(
        VerifyRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm);
        Used<bool> verified = await signer.VerifyAsync(
            caller,
            choice,
            request.Message!,
            request.SignatureContext ?? [],
            request.HashAlgorithm?.Value,
            request.Signature!,
            cancellationToken);
        return Reply.Ok(new VerifyResponse(verified, request.Algorithm?.Text, request.HashAlgorithm?.Value));
    }
}
