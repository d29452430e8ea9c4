using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.DataKeys;

internal sealed record GenerateDataKeyRequest(
    [property: Field(Minimum = DataKeyIssuer.MinLength, Maximum = DataKeyIssuer.MaxLength, Example = DataKeyIssuer.DefaultLength)]
    [property: Description("Length of the data key in bytes, 16 to 1,024. Default: 32.")]
    int? Bytes,
    [property: Description("The context: authenticated with the wrapped data key. Unwrapping needs the same.")] ContextMap? Context,
    [property: Description("Whether the response includes the plaintext data key. Default: true.")] bool? Plaintext,
    [property: EncodingField, Description("Encoding of the plaintext data key: base64 (default) or hex.")] string? Encoding,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.GenerateDataKey), Description("The algorithm. Default: AES-256.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether to refuse a retired kid instead of using its successor. Default: false.")]
    bool? Strict) : IKeyChoiceFields;

internal sealed class GenerateDataKeyRequestValidator : KeyChoiceValidator<GenerateDataKeyRequest>
{
    public GenerateDataKeyRequestValidator()
    {
        RuleFor(r => r.Bytes)
            .Must(length => length is null or (>= DataKeyIssuer.MinLength and <= DataKeyIssuer.MaxLength))
            .WithMessage($"must be from {DataKeyIssuer.MinLength} to {DataKeyIssuer.MaxLength}");
        RuleFor(r => r.Context).IsContext();
        RuleFor(r => r.Encoding).IsSecretEncoding();
    }
}

internal sealed record GenerateDataKeyResponse : KeyUseResponse, IDisposable
{
    private readonly Used<WrappedSecret> _dataKey;

    [SetsRequiredMembers]
    public GenerateDataKeyResponse(Used<WrappedSecret> dataKey, GenerateDataKeyRequest request)
        : base(dataKey.Key, request.Algorithm?.Text)
    {
        _dataKey = dataKey;
        Plaintext = request.Plaintext == false ? null : new EncodedSecret(dataKey.Result.Secret, request.Encoding == SecretEncodings.Hex);
    }

    [Description("The plaintext data key. Encrypt with it, then discard it. Null if the request has plaintext: false.")]
    public EncodedSecret? Plaintext { get; }

    [Description("The wrapped data key, base64 (docs/formats.md). Store it with the data that you encrypt.")]
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    public byte[] Ciphertext => _dataKey.Result.Ciphertext;

    public void Dispose() => _dataKey.Dispose();
}

internal static class GenerateDataKey
{
    public static void MapGenerateDataKey(this RouteGroupBuilder dataKeys) =>
        dataKeys.MapPost("/generate", HandleAsync)
            .WithName("GenerateDataKey")
            .WithSummary("Generates a data key and wraps it with an AES-256 key. Qkms does not store it.")
            .WithRequestExample("""{"context":{"table":"customers"},"algorithm":"AES-256","name":"demo"}""")
            .WithValidation(new GenerateDataKeyRequestValidator())
            .Requires(Permission.DataKeysGenerate)
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<GenerateDataKeyResponse>> HandleAsync(
        GenerateDataKeyRequest request, Caller caller, DataKeyIssuer issuer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(DataKeyEndpoints.DefaultAlgorithm, follow: request.Strict != true);
        Used<WrappedSecret> dataKey = await issuer.GenerateAsync(
            caller, choice, request.Context.OrEmpty(), request.Bytes ?? DataKeyIssuer.DefaultLength, cancellationToken);
        return Reply.Ok(new GenerateDataKeyResponse(dataKey, request));
    }
}
