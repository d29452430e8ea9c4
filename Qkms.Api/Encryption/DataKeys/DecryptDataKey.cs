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
    [property: Required, Description("The wrapped data key, base64; it names its key itself.")] byte[]? Ciphertext,
    [property: Description("The text that was authenticated with it; the order of its members does not matter.")] Dictionary<string, string?>? Context,
    [property: Description("How the data key is written: base64 (unless given) or hex.")] string? Encoding,
    [property: Description("The key version by its kid.")] string? Kid,
    [property: Description("The key version by its number, with algorithm and name.")] int? KeyVersion,
    [property: Description("The algorithm; AES-256 unless given.")] string? Algorithm,
    [property: Description("The name of the logical key; 'default' unless given.")] string? Name) : IKeyChoiceFields;

internal sealed class DecryptDataKeyRequestValidator : KeyChoiceValidator<DecryptDataKeyRequest>
{
    /// <summary>The wrapped form of the longest data key, in bytes.</summary>
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

    [Description("The data key.")]
    public EncodedSecret Plaintext { get; }

    public void Dispose() => Plaintext.Bytes.Dispose();
}

internal static class DecryptDataKey
{
    public static void MapDecryptDataKey(this RouteGroupBuilder dataKeys) =>
        dataKeys.MapPost("/decrypt", HandleAsync)
            .WithName("DecryptDataKey")
            .WithSummary("Recovers a data key from its wrapped form, which names its key itself.")
            .WithRequestExample("""{"ciphertext":"UUsBAQIBmPXCfR58OptU","context":{"table":"customers"}}""")
            .WithValidation(new DecryptDataKeyRequestValidator())
            .Requires(Permission.DataKeysDecrypt)
            .Refuses(KeyUseRefusals.Decrypting);

    private static async Task<Enveloped<DecryptDataKeyResponse>> HandleAsync(
        DecryptDataKeyRequest request, Caller caller, DataKeyIssuer issuer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(DataKeyEndpoints.DefaultAlgorithm);
        Used<SecretBytes> dataKey = await issuer.DecryptAsync(caller, choice, request.Context.ToContext(), request.Ciphertext, cancellationToken);
        return Enveloped.Ok(new DecryptDataKeyResponse(dataKey, new EncodedSecret(dataKey.Result, request.Encoding == SecretEncodings.Hex), request.Algorithm));
    }
}
