using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.Kem;

internal sealed record DecapsulateRequest(
    [property: Required, BytesField(0, KemEndpoints.MaxEncapsulated, Example = Examples.Bytes)]
    [property: Description("The ML-KEM ciphertext (FIPS 203), base64.")]
    byte[]? KemCiphertext,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Decapsulate), Description("The algorithm. Default: ML-KEM-768.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed class DecapsulateRequestValidator : KeyChoiceValidator<DecapsulateRequest>
{
    public DecapsulateRequestValidator() => RuleFor(r => r.KemCiphertext).IsGiven().IsAtMost(KemEndpoints.MaxEncapsulated);
}

internal sealed record DecapsulateResponse : KeyUseResponse, IDisposable
{
    [SetsRequiredMembers]
    public DecapsulateResponse(Used<SecretBytes> decrypted, string? spelling)
        : base(decrypted.Key, spelling) => SharedSecret = decrypted.Result;

    [Description(
        "The shared secret (FIPS 203), 32 bytes, base64. A ciphertext made for another key gives another "
        + "secret, as the standard requires.")]
    [SharedSecretField]
    public SecretBytes SharedSecret { get; }

    public void Dispose() => SharedSecret.Dispose();
}

internal static class Decapsulate
{
    public static void MapDecapsulate(this RouteGroupBuilder kem) =>
        kem.MapPost("/decapsulate", HandleAsync)
            .WithName("Decapsulate")
            .WithSummary("Recovers a shared secret from its ciphertext.")
            .WithDescription(
                "The ciphertext does not say for which version it was made, and every version gives some secret. So name the version, by "
                + "the `kid` that Encapsulate returned or by `key_version`. `algorithm` and `name` alone are enough only while the key has "
                + "had a single version. From the second on they are refused, whatever state the versions are in.")
            .WithRequestExample("""{"kem_ciphertext":"paste+from+Encapsulate++","kid":"paste-from-Encapsulate"}""")
            .WithValidation<DecapsulateRequest, DecapsulateRequestValidator>()
            .Refuses(KeyUseRefusals.Decrypting);

    private static async Task<Reply<DecapsulateResponse>> HandleAsync(
        DecapsulateRequest request, Caller caller, KemKeys keys, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(KemEndpoints.DefaultAlgorithm);
        return Reply.Ok(new DecapsulateResponse(
            await keys.DecapsulateAsync(caller, choice, request.KemCiphertext, cancellationToken), request.Algorithm?.Text));
    }
}
