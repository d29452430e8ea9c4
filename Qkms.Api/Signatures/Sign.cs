using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Signatures;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

internal sealed record SignRequest(
    [property: Required, BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The message, base64, at most 1 MB.")]
    byte[]? Message,
    [property: Description("The hash function of RSA-PSS. Default: SHA-256. Only for RSA.")] SignatureHashText? HashAlgorithm,
    [property: SignatureContextField]
    [property: Description("The context string of FIPS 204, at most 255 bytes, base64. Only for ML-DSA.")]
    byte[]? SignatureContext,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Sign), Description("The algorithm. Default: ML-DSA-65.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether the last version of the rotation chain signs if the kid is retired. Default: false.")]
    bool? Follow) : IKeyChoiceFields;

internal sealed class SignRequestValidator : KeyChoiceValidator<SignRequest>
{
    public SignRequestValidator()
    {
        RuleFor(r => r.Message).IsGiven().IsAtMost(SizeRules.MaxPayload);
        RuleFor(r => r.HashAlgorithm).IsSignatureHash();
        RuleFor(r => r.SignatureContext).IsAtMost(Signer.MaxContextLength);
    }
}

internal sealed record SignResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public SignResponse(Used<byte[]> made, string? spelling, SignatureHash? hash)
        : base(made.Key, spelling, made.Warnings) =>
        (Signature, HashAlgorithm) = (made.Result, SignatureHashText.NameFor(made.Key, hash));

    [Description("The signature, base64.")]
    [SignatureField]
    public byte[] Signature { get; }

    [Description("The hash function of RSA, which verification needs. Absent for ML-DSA and Ed25519, which have no choice.")]
    [SignatureHashField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HashAlgorithm { get; }
}

internal static class Sign
{
    public static void MapSign(this RouteGroupBuilder signatures) =>
        signatures.MapPost("/sign", HandleAsync)
            .WithName("Sign")
            .WithSummary("Signs a message with ML-DSA (hedged), RSA-PSS or Ed25519.")
            .WithRequestExample("""{"message":"aGVsbG8=","algorithm":"ML-DSA-65","name":"demo"}""")
            .WithValidation(new SignRequestValidator())
            .CarriesPayload()
            .Requires(Permission.Sign)
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<SignResponse>> HandleAsync(
        SignRequest request, Caller caller, Signer signer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(SignatureEndpoints.DefaultAlgorithm, follow: request.Follow == true);
        Used<byte[]> made = await signer.SignAsync(
            caller, choice, request.Message!, request.SignatureContext ?? [], request.HashAlgorithm?.Value, cancellationToken);
        return Reply.Ok(new SignResponse(made, request.Algorithm?.Text, request.HashAlgorithm?.Value));
    }
}
