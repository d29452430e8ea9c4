using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
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
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of data keys from the same key, each with its own length and context.")]
    [property: JsonConverter(typeof(BatchConverter<GenerateDataKeyItemRequest>))]
    IReadOnlyList<GenerateDataKeyItemRequest?>? Items,
    [property: Description("Whether the response includes the plaintext data key. Default: true.")] bool? Plaintext,
    [property: EncodingField, Description("Encoding of the plaintext data key: base64 (default) or hex.")] string? Encoding,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.GenerateDataKey), Description("The algorithm. Default: AES-256.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether to refuse a retired kid instead of using its successor. Default: false.")]
    bool? Strict) : IKeyChoiceFields;

internal sealed record GenerateDataKeyItemRequest(
    [property: Field(Minimum = DataKeyIssuer.MinLength, Maximum = DataKeyIssuer.MaxLength, Example = DataKeyIssuer.DefaultLength)]
    [property: Description("Length of the data key in bytes, 16 to 1,024. Default: 32.")]
    int? Bytes,
    [property: Description("The context: authenticated with the wrapped data key. Unwrapping needs the same.")] ContextMap? Context);

internal sealed class GenerateDataKeyRequestValidator : KeyChoiceValidator<GenerateDataKeyRequest>
{
    private static readonly string _lengths = $"must be from {DataKeyIssuer.MinLength} to {DataKeyIssuer.MaxLength}";

    public GenerateDataKeyRequestValidator()
    {
        RuleFor(r => r.Bytes)
            .Must((r, length) => length is null || r.Items is null).WithMessage("belongs in the items")
            .Must(IsLength).WithMessage(_lengths);
        RuleFor(r => r.Context)
            .Must((r, context) => context is null || r.Items is null).WithMessage("belongs in the items")
            .IsContext();
        RuleFor(r => r.Items).IsBatch((item, refuse) =>
        {
            if (!IsLength(item.Bytes))
                refuse("bytes", _lengths);
            else if (item.Context is { Problem: { } problem })
                refuse("context", problem);
        });
        RuleFor(r => r.Encoding).IsSecretEncoding();
    }

    private static bool IsLength(int? length) => length is null or (>= DataKeyIssuer.MinLength and <= DataKeyIssuer.MaxLength);
}

internal sealed record GenerateDataKeyResponse : KeyUseResponse, IDisposable
{
    private readonly IDisposable[] _secrets;

    [SetsRequiredMembers]
    public GenerateDataKeyResponse(Used<WrappedSecret> dataKey, GenerateDataKeyRequest request)
        : base(dataKey.Key, request.Algorithm?.Text)
    {
        _secrets = [dataKey];
        (Plaintext, Ciphertext) = (Shown(dataKey.Result, request), dataKey.Result.Ciphertext);
    }

    [SetsRequiredMembers]
    public GenerateDataKeyResponse(Used<IReadOnlyList<ItemOf<WrappedSecret>>> dataKeys, GenerateDataKeyRequest request)
        : base(dataKeys.Key, request.Algorithm?.Text)
    {
        _secrets = [.. dataKeys.Result];
        Items =
        [
            .. dataKeys.Result.Select(item => new GeneratedDataKeyItem(
                item.Result is { } made ? Shown(made, request) : null, item.Result?.Ciphertext, ItemRefusal.From(item.Refusal))),
        ];
    }

    [Description(
        "The plaintext data key. Encrypt with it, then discard it. Null if the request has plaintext: false, or items.")]
    public EncodedSecret? Plaintext { get; }

    [Description(
        "The wrapped data key, base64 (docs/formats.md). Store it with the data that you encrypt. Absent if the request had items.")]
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? Ciphertext { get; }

    [Description("One result per item, in the order of the request. Absent if the request had no items.")]
    [Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<GeneratedDataKeyItem>? Items { get; }

    public void Dispose() => Array.ForEach(_secrets, secret => secret.Dispose());

    private static EncodedSecret? Shown(WrappedSecret dataKey, GenerateDataKeyRequest request) =>
        request.Plaintext == false ? null : new EncodedSecret(dataKey.Secret, request.Encoding == SecretEncodings.Hex);
}

internal sealed record GeneratedDataKeyItem(
    [property: Description("The plaintext data key. Absent if the request has plaintext: false, or the item was refused.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    EncodedSecret? Plaintext,
    [property: BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The wrapped data key. Absent if the item was refused.")]
    byte[]? Ciphertext,
    [property: Description("Why the item was refused. Absent if it succeeded.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ItemRefusal? Error);

internal static class GenerateDataKey
{
    public static void MapGenerateDataKey(this RouteGroupBuilder dataKeys) =>
        dataKeys.MapPost("/generate", HandleAsync)
            .WithName("GenerateDataKey")
            .WithSummary("Generates one data key, or a batch of items, and wraps it with an AES-256 key. Qkms does not store it.")
            .WithRequestExample("""{"context":{"table":"customers"},"algorithm":"AES-256","name":"demo"}""")
            .WithValidation<GenerateDataKeyRequest, GenerateDataKeyRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<GenerateDataKeyResponse>> HandleAsync(
        GenerateDataKeyRequest request, Caller caller, DataKeyIssuer issuer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(DataKeyEndpoints.DefaultAlgorithm, follow: request.Strict != true);
        if (request.Items is null)
        {
            Used<WrappedSecret> dataKey = await issuer.GenerateAsync(
                caller, choice, request.Context.OrEmpty(), LengthOf(request.Bytes), cancellationToken);
            return Reply.Ok(new GenerateDataKeyResponse(dataKey, request));
        }

        (EncryptionContext, int)[] items = [.. request.Items.Select(item => (item!.Context.OrEmpty(), LengthOf(item.Bytes)))];
        return Reply.Ok(new GenerateDataKeyResponse(
            await issuer.GenerateManyAsync(caller, choice, items, cancellationToken), request));
    }

    private static int LengthOf(int? asked) => asked ?? DataKeyIssuer.DefaultLength;
}
