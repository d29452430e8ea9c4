using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.Kem;

internal sealed record WrapKeyRequest(
    [property: Required, BytesField(1, KemEndpoints.MaxWrappedKey, Example = Examples.SymmetricKey)]
    [property: Description("The key to wrap, base64, 1 to 1,024 bytes.")]
    SecretBytes? SymmetricKey,
    [property: AadField]
    [property: Description("Associated data: authenticated but not encrypted, base64. Decryption needs the same bytes.")]
    byte[]? Aad,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Wrap), Description("The algorithm. Default: ML-KEM-768.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether to refuse a retired kid instead of using its successor. Default: false.")]
    bool? Strict) : IKeyChoiceFields;

internal sealed class WrapKeyRequestValidator : KeyChoiceValidator<WrapKeyRequest>
{
    public WrapKeyRequestValidator()
    {
        RuleFor(r => r.SymmetricKey)
            .IsGiven()
            .Must(key => key is null || key.Length is >= 1 and <= KemEndpoints.MaxWrappedKey)
            .WithMessage($"must be 1 to {KemEndpoints.MaxWrappedKey} bytes");
        RuleFor(r => r.Aad).IsAtMost(KemEndpoints.MaxAad);
    }
}

internal sealed record WrapKeyResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public WrapKeyResponse(Used<byte[]> encrypted, string? spelling)
        : base(encrypted.Key, spelling) => WrappedKey = encrypted.Result;

    [Description("The wrapped key, base64 (docs/formats.md).")]
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Bytes)]
    public byte[] WrappedKey { get; }

    [Description("The wrapping method: KEM-DEM.")]
    [Field(Words = [KemEndpoints.WrappingMethod], Example = KemEndpoints.WrappingMethod)]
    public string WrappingMethod { get; } = KemEndpoints.WrappingMethod;
}

internal static class WrapKey
{
    public static void MapWrapKey(this RouteGroupBuilder kem) =>
        kem.MapPost("/key/wrap", HandleAsync)
            .WithName("WrapKey")
            .WithSummary("Wraps your symmetric key to an ML-KEM key.")
            .WithRequestExample(
                """{"symmetric_key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","algorithm":"ML-KEM-768","name":"demo"}""")
            .WithValidation<WrapKeyRequest, WrapKeyRequestValidator>()
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<WrapKeyResponse>> HandleAsync(
        WrapKeyRequest request, Caller caller, KemKeys keys, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(KemEndpoints.DefaultAlgorithm, follow: request.Strict != true);
        return Reply.Ok(new WrapKeyResponse(
            await keys.WrapAsync(caller, choice, request.Aad ?? [], request.SymmetricKey!, cancellationToken), request.Algorithm?.Text));
    }
}
