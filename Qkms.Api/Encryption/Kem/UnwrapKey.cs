using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.Kem;

internal sealed record UnwrapKeyRequest(
    [property: Required, BytesField(0, KemEndpoints.MaxEncapsulated, Example = Examples.Bytes)]
    [property: Description("The wrapped key, base64.")]
    byte[]? WrappedKey,
    [property: AadField, Description("The same associated data as at encryption, base64.")] byte[]? Aad,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Unwrap), Description("The algorithm. Default: ML-KEM-768.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed class UnwrapKeyRequestValidator : KeyChoiceValidator<UnwrapKeyRequest>
{
    public UnwrapKeyRequestValidator()
    {
        RuleFor(r => r.WrappedKey).IsGiven().IsAtMost(KemEndpoints.MaxEncapsulated);
        RuleFor(r => r.Aad).IsAtMost(KemEndpoints.MaxAad);
    }
}

internal sealed record UnwrapKeyResponse : KeyUseResponse, IDisposable
{
    [SetsRequiredMembers]
    public UnwrapKeyResponse(Used<SecretBytes> decrypted, string? spelling)
        : base(decrypted.Key, spelling) => SymmetricKey = decrypted.Result;

    [Description("The symmetric key, base64.")]
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.SymmetricKey)]
    public SecretBytes SymmetricKey { get; }

    public void Dispose() => SymmetricKey.Dispose();
}

internal static class UnwrapKey
{
    public static void MapUnwrapKey(this RouteGroupBuilder kem) =>
        kem.MapPost("/key/unwrap", HandleAsync)
            .WithName("UnwrapKey")
            .WithSummary("Unwraps a symmetric key.")
            .WithDescription(KeyChoiceFields.OlderVersions)
            .WithRequestExample("""{"wrapped_key":"paste+from+WrapKey++","algorithm":"ML-KEM-768","name":"demo"}""")
            .WithValidation<UnwrapKeyRequest, UnwrapKeyRequestValidator>()
            .Refuses(KeyUseRefusals.Decrypting);

    private static async Task<Reply<UnwrapKeyResponse>> HandleAsync(
        UnwrapKeyRequest request, Caller caller, KemKeys keys, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(KemEndpoints.DefaultAlgorithm);
        return Reply.Ok(new UnwrapKeyResponse(
            await keys.UnwrapAsync(caller, choice, request.Aad ?? [], request.WrappedKey!, cancellationToken), request.Algorithm?.Text));
    }
}
