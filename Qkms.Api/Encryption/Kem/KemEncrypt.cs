using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.Kem;

internal sealed record KemEncryptRequest(
    [property: Required, BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The plaintext, base64, at most 1 MB.")]
    SecretBytes? Plaintext,
    [property: AadField]
    [property: Description("Associated data: authenticated but not encrypted, base64. Decryption needs the same bytes.")]
    byte[]? Aad,
    [property: ModeField, Description("The encryption mode: standard, the only one.")] string? Mode,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Encapsulate), Description("The algorithm. Default: ML-KEM-768.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether to refuse a retired kid instead of using its successor. Default: false.")]
    bool? Strict) : IKeyChoiceFields;

internal sealed class KemEncryptRequestValidator : KeyChoiceValidator<KemEncryptRequest>
{
    public KemEncryptRequestValidator()
    {
        RuleFor(r => r.Plaintext).IsGiven().IsAtMost(SizeRules.MaxPayload);
        RuleFor(r => r.Aad).IsAtMost(KemEndpoints.MaxAad);
        RuleFor(r => r.Mode).IsMode();
    }
}

internal sealed record KemEncryptResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public KemEncryptResponse(Used<byte[]> encrypted, string? spelling)
        : base(encrypted.Key, spelling) => Ciphertext = encrypted.Result;

    [Description("The encapsulated key and the ciphertext, enc ‖ ct, base64 (docs/formats.md).")]
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    public byte[] Ciphertext { get; }
}

internal static class KemEncrypt
{
    public static void MapKemEncrypt(this RouteGroupBuilder kem) =>
        kem.MapPost("/encrypt", HandleAsync)
            .WithName("KemEncrypt")
            .WithSummary("Encrypts to an ML-KEM key with HPKE (RFC 9180) and your own associated data.")
            .WithRequestExample("""{"plaintext":"aGVsbG8=","algorithm":"ML-KEM-768","name":"demo"}""")
            .WithValidation<KemEncryptRequest, KemEncryptRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<KemEncryptResponse>> HandleAsync(
        KemEncryptRequest request, Caller caller, KemKeys keys, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(KemEndpoints.DefaultAlgorithm, follow: request.Strict != true);
        return Reply.Ok(new KemEncryptResponse(
            await keys.EncryptAsync(caller, choice, request.Aad ?? [], request.Plaintext!, cancellationToken), request.Algorithm?.Text));
    }
}
