using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.DataKeys;

internal sealed record GenerateDataKeyRequest(
    [property: Description("Length of the data key in bytes, 16 to 1,024; 32 unless given.")] int? Bytes,
    [property: Description("Text that is authenticated with the wrapped form and has to be given again to recover the data key.")] Dictionary<string, string?>? Context,
    [property: Description("Whether the bare data key is answered too; true unless given.")] bool? Plaintext,
    [property: Description("How the bare data key is written: base64 (unless given) or hex.")] string? Encoding,
    [property: Description("The key version by its kid.")] string? Kid,
    [property: Description("The key version by its number, with algorithm and name.")] int? KeyVersion,
    [property: Description("The algorithm; AES-256 unless given.")] string? Algorithm,
    [property: Description("The name of the logical key; 'default' unless given.")] string? Name,
    [property: Description("Whether a retired kid is refused instead of its successor being used; false unless given.")] bool? Strict) : IKeyChoiceFields;

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
        : base(dataKey.Key, request.Algorithm)
    {
        _dataKey = dataKey;
        Plaintext = request.Plaintext == false ? null : new EncodedSecret(dataKey.Result.Secret, request.Encoding == SecretEncodings.Hex);
    }

    [Description("The data key: encrypt with it, then forget it. Null when the request said plaintext: false.")]
    public EncodedSecret? Plaintext { get; }

    [Description("The wrapped data key, base64 (docs/formats.md): keep it with what you encrypted.")]
    public byte[] Ciphertext => _dataKey.Result.Ciphertext;

    public void Dispose() => _dataKey.Dispose();
}

internal static class GenerateDataKey
{
    public static void MapGenerateDataKey(this RouteGroupBuilder dataKeys) =>
        dataKeys.MapPost("/generate", HandleAsync)
            .WithName("GenerateDataKey")
            .WithSummary("Makes a data key, and wraps it with an AES-256 key. It is stored nowhere.")
            .WithRequestExample("""{"context":{"table":"customers"}}""")
            .WithValidation(new GenerateDataKeyRequestValidator())
            .Requires(Permission.DataKeysGenerate)
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Enveloped<GenerateDataKeyResponse>> HandleAsync(
        GenerateDataKeyRequest request, Caller caller, DataKeyIssuer issuer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(DataKeyEndpoints.DefaultAlgorithm, follow: request.Strict != true);
        Used<WrappedSecret> dataKey = await issuer.GenerateAsync(caller, choice, request.Context.ToContext(), request.Bytes ?? DataKeyIssuer.DefaultLength, cancellationToken);
        return Enveloped.Ok(new GenerateDataKeyResponse(dataKey, request));
    }
}
