using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.DataKeys;

internal sealed record DecryptDataKeyRequest(
    [property: Required, BytesField(0, DecryptDataKeyRequestValidator.MaxCiphertext, Example = Examples.Blob)]
    [property: Description("The wrapped data key, base64. It names its key.")]
    byte[]? Ciphertext,
    [property: Description("The same context as when the data key was generated. The order of members does not matter.")]
    ContextMap? Context,
    [property: EncodingField, Description("Encoding of the plaintext data key: base64 (default) or hex.")] string? Encoding,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.DecryptDataKey), Description("The algorithm. Default: AES-256.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed class DecryptDataKeyRequestValidator : KeyChoiceValidator<DecryptDataKeyRequest>
{
    /// <summary>Length of the longest wrapped data key in bytes.</summary>
    public const int MaxCiphertext = BlobV1.Overhead + DataKeyIssuer.MaxLength;

    public DecryptDataKeyRequestValidator()
    {
        RuleFor(r => r.Ciphertext).IsGiven().IsAtMost(MaxCiphertext);
        RuleFor(r => r.Context).IsContext();
        RuleFor(r => r.Encoding).IsSecretEncoding();
    }
}

internal sealed record DecryptDataKeyResponse : KeyUseResponse, IDisposable
{
    [SetsRequiredMembers]
    public DecryptDataKeyResponse(Used<SecretBytes> dataKey, EncodedSecret plaintext, string? spelling)
        : base(dataKey.Key, spelling) => Plaintext = plaintext;

    [Description("The plaintext data key.")]
    public EncodedSecret Plaintext { get; }

    public void Dispose() => Plaintext.Bytes.Dispose();
}

internal static class DecryptDataKey
{
    public static void MapDecryptDataKey(this RouteGroupBuilder dataKeys) =>
        dataKeys.MapPost("/decrypt", HandleAsync)
            .WithName("DecryptDataKey")
            .WithSummary("Unwraps a data key. The wrapped data key names its key.")
            .WithRequestExample("""{"ciphertext":"paste+from+GenerateDataKey++","context":{"table":"customers"}}""")
            .WithValidation(new DecryptDataKeyRequestValidator())
            .Requires(Permission.DataKeysDecrypt)
            .Refuses(KeyUseRefusals.Decrypting);

    private static async Task<Reply<DecryptDataKeyResponse>> HandleAsync(
        DecryptDataKeyRequest request, Caller caller, DataKeyIssuer issuer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(DataKeyEndpoints.DefaultAlgorithm);
        Used<SecretBytes> dataKey = await issuer.DecryptAsync(
            caller, choice, request.Context.OrEmpty(), request.Ciphertext, cancellationToken);
        return Reply.Ok(new DecryptDataKeyResponse(
            dataKey, new EncodedSecret(dataKey.Result, request.Encoding == SecretEncodings.Hex), request.Algorithm?.Text));
    }
}
