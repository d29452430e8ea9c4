using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.Kem;

internal sealed record KemDecryptRequest(
    [property: Required, BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [property: Description("The encapsulated key and the ciphertext, enc ‖ ct, base64.")]
    byte[]? Ciphertext,
    [property: AadField, Description("The same associated data as at encryption, base64.")] byte[]? Aad,
    [property: ModeField, Description("The encryption mode: standard, the only one.")] string? Mode,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Decapsulate), Description("The algorithm. Default: ML-KEM-768.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed class KemDecryptRequestValidator : KeyChoiceValidator<KemDecryptRequest>
{
    public KemDecryptRequestValidator()
    {
        RuleFor(r => r.Ciphertext).IsGiven().IsAtMost(SizeRules.MaxCiphertext);
        RuleFor(r => r.Aad).IsAtMost(KemEndpoints.MaxAad);
        RuleFor(r => r.Mode).IsMode();
    }
}

internal sealed record KemDecryptResponse : KeyUseResponse, IDisposable
{
    [SetsRequiredMembers]
    public KemDecryptResponse(Used<SecretBytes> decrypted, string? spelling)
        : base(decrypted.Key, spelling) => Plaintext = decrypted.Result;

    [Description("The plaintext, base64.")]
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Plaintext)]
    public SecretBytes Plaintext { get; }

    public void Dispose() => Plaintext.Dispose();
}

internal static class KemDecrypt
{
    public static void MapKemDecrypt(this RouteGroupBuilder kem) =>
        kem.MapPost("/decrypt", HandleAsync)
            .WithName("KemDecrypt")
            .WithSummary("Decrypts an HPKE ciphertext for an ML-KEM key, made by Qkms or any other HPKE library.")
            .WithDescription(KeyChoiceFields.OlderVersions)
            .WithRequestExample("""{"ciphertext":"paste+from+KemEncrypt+++","algorithm":"ML-KEM-768","name":"demo"}""")
            .WithValidation<KemDecryptRequest, KemDecryptRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Decrypting);

    private static async Task<Reply<KemDecryptResponse>> HandleAsync(
        KemDecryptRequest request, Caller caller, KemKeys keys, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(KemEndpoints.DefaultAlgorithm);
        return Reply.Ok(new KemDecryptResponse(
            await keys.DecryptAsync(caller, choice, request.Aad ?? [], request.Ciphertext!, cancellationToken), request.Algorithm?.Text));
    }
}
