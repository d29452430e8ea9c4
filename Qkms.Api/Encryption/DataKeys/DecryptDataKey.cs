using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption.DataKeys;

internal sealed record DecryptDataKeyRequest(
    [property: BytesField(0, DecryptDataKeyRequestValidator.MaxCiphertext, Example = Examples.Blob)]
    [property: Description("The wrapped data key, base64. It names its key. Give either this or items.")]
    byte[]? Ciphertext,
    [property: Description("The same context as when the data key was generated. The order of members does not matter.")]
    ContextMap? Context,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of wrapped data keys, each with its own context.")]
    [property: JsonConverter(typeof(BatchConverter<DecryptDataKeyItemRequest>))]
    IReadOnlyList<DecryptDataKeyItemRequest?>? Items,
    [property: EncodingField, Description("Encoding of the plaintext data key: base64 (default) or hex.")] string? Encoding,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.DecryptDataKey), Description("The algorithm. Default: AES-256.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed record DecryptDataKeyItemRequest(
    [property: Required, BytesField(0, DecryptDataKeyRequestValidator.MaxCiphertext, Example = Examples.Blob)]
    [property: Description("The wrapped data key, base64.")]
    byte[]? Ciphertext,
    [property: Description("The same context as when the data key was generated.")] ContextMap? Context);

internal sealed class DecryptDataKeyRequestValidator : KeyChoiceValidator<DecryptDataKeyRequest>
{
    /// <summary>Length of the longest wrapped data key in bytes.</summary>
    public const int MaxCiphertext = BlobV1.Overhead + DataKeyIssuer.MaxLength;

    public DecryptDataKeyRequestValidator()
    {
        RuleFor(r => r.Ciphertext)
            .Must((r, ciphertext) => (ciphertext is null) != (r.Items is null)).WithMessage("is required unless there are items: base64")
            .IsAtMost(MaxCiphertext);
        RuleFor(r => r.Context)
            .Must((r, context) => context is null || r.Items is null).WithMessage("belongs in the items")
            .IsContext();
        RuleFor(r => r.Items).IsBatch((item, refuse) =>
        {
            if (item.Ciphertext is null)
                refuse("ciphertext", "is required: base64");
            else if (item.Ciphertext.Length > MaxCiphertext)
                refuse("ciphertext", SizeRules.TooLong(MaxCiphertext));
            else if (item.Context is { Problem: { } problem })
                refuse("context", problem);
        });
        RuleFor(r => r.Encoding).IsSecretEncoding();
    }
}

internal sealed record DecryptDataKeyResponse : KeyOrItemsResponse, IDisposable
{
    [SetsRequiredMembers]
    public DecryptDataKeyResponse(Used<SecretBytes> dataKey, DecryptDataKeyRequest request)
        : base(dataKey.Key, request.Algorithm?.Text) => Plaintext = new EncodedSecret(dataKey.Result, AsHex(request));

    [SetsRequiredMembers]
    public DecryptDataKeyResponse(IReadOnlyList<ItemOf<Used<SecretBytes>>> dataKeys, DecryptDataKeyRequest request)
        : base(null, null, WarningsOf(dataKeys.Select(item => item.Result?.Key))) => Items =
        [
            .. dataKeys.Select(item => new DecryptedDataKeyItem(
                item.Result is { } opened ? new EncodedSecret(opened.Result, AsHex(request)) : null,
                item.Result?.Key.Version.Kid.Value,
                item.Result?.Key.Version.Version,
                ItemRefusal.From(item.Refusal))),
        ];

    [Description("The plaintext data key. Absent if the request had items.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EncodedSecret? Plaintext { get; }

    [Description("One result per item, in the order of the request. Absent if the request had no items.")]
    [Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DecryptedDataKeyItem>? Items { get; }

    public void Dispose()
    {
        Plaintext?.Bytes.Dispose();
        foreach (DecryptedDataKeyItem item in Items ?? [])
            item.Plaintext?.Bytes.Dispose();
    }

    private static bool AsHex(DecryptDataKeyRequest request) => request.Encoding == SecretEncodings.Hex;
}

internal sealed record DecryptedDataKeyItem(
    [property: Description("The plaintext data key. Absent if the item was refused.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    EncodedSecret? Plaintext,
    [property: KidField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The kid of the version that was used. Absent if the item was refused.")]
    string? Kid,
    [property: KeyVersionField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The number of that version. Absent if the item was refused.")]
    int? KeyVersion,
    [property: Description("Why the item was refused. Absent if it succeeded.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ItemRefusal? Error);

internal static class DecryptDataKey
{
    public static void MapDecryptDataKey(this RouteGroupBuilder dataKeys) =>
        dataKeys.MapPost("/decrypt", HandleAsync)
            .WithName("DecryptDataKey")
            .WithSummary("Unwraps one data key, or a batch of items. A wrapped data key names its key.")
            .WithRequestExample("""{"ciphertext":"paste+from+GenerateDataKey++","context":{"table":"customers"}}""")
            .WithValidation<DecryptDataKeyRequest, DecryptDataKeyRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Decrypting);

    private static async Task<Reply<DecryptDataKeyResponse>> HandleAsync(
        DecryptDataKeyRequest request, Caller caller, DataKeyIssuer issuer, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(DataKeyEndpoints.DefaultAlgorithm);
        if (request.Items is null)
        {
            return Reply.Ok(new DecryptDataKeyResponse(
                await issuer.DecryptAsync(caller, choice, request.Context.OrEmpty(), request.Ciphertext, cancellationToken), request));
        }

        (EncryptionContext, byte[])[] items = [.. request.Items.Select(item => (item!.Context.OrEmpty(), item.Ciphertext!))];
        return Reply.Ok(new DecryptDataKeyResponse(await issuer.DecryptManyAsync(caller, choice, items, cancellationToken), request));
    }
}
