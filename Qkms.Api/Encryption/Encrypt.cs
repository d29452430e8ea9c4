using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption;

internal sealed record EncryptRequest(
    [property: BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The plaintext, base64, at most 1 MB; less for RSA. Give either this or items.")]
    SecretBytes? Plaintext,
    [property: Description("The context: authenticated but not encrypted. Decryption needs the same. Not for RSA.")] ContextMap? Context,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of plaintexts for the same key, each with its own context.")]
    [property: JsonConverter(typeof(BatchConverter<EncryptItemRequest>))]
    IReadOnlyList<EncryptItemRequest?>? Items,
    [property: Description("The kid of the key version.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Encrypt), Description("The algorithm. Default: AES-256.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("Whether to refuse a retired kid instead of using its successor. Default: false.")]
    bool? Strict) : IKeyChoiceFields;

internal sealed record EncryptItemRequest(
    [property: System.ComponentModel.DataAnnotations.Required, BytesField(0, SizeRules.MaxPayload, Example = Examples.Plaintext)]
    [property: Description("The plaintext, base64.")]
    SecretBytes? Plaintext,
    [property: Description("The context: authenticated but not encrypted. Decryption needs the same.")] ContextMap? Context);

internal sealed class EncryptRequestValidator : KeyChoiceValidator<EncryptRequest>
{
    public EncryptRequestValidator()
    {
        RuleFor(r => r.Plaintext)
            .Must((r, plaintext) => (plaintext is null) != (r.Items is null)).WithMessage("is required unless there are items: base64")
            .IsAtMost(SizeRules.MaxPayload);
        RuleFor(r => r.Context)
            .Must((r, context) => context is null || r.Items is null).WithMessage("belongs in the items")
            .IsContext();
        RuleFor(r => r.Items).IsBatch((item, refuse) =>
        {
            if (item.Plaintext is null)
                refuse("plaintext", "is required: base64");
            else if (item.Plaintext.Length > SizeRules.MaxPayload)
                refuse("plaintext", SizeRules.TooLong(SizeRules.MaxPayload));
            else if (item.Context is { Problem: { } problem })
                refuse("context", problem);
        });
    }
}

internal sealed record EncryptResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    public EncryptResponse(Used<byte[]> encrypted, string? spelling)
        : base(encrypted.Key, spelling) => Ciphertext = encrypted.Result;

    [SetsRequiredMembers]
    public EncryptResponse(Used<IReadOnlyList<ItemOf<byte[]>>> encrypted, string? spelling)
        : base(encrypted.Key, spelling) =>
        Items = [.. encrypted.Result.Select(item => new EncryptedItem(item.Result, ItemRefusal.From(item.Refusal)))];

    [Description("The ciphertext, base64, in the format of the key's algorithm (docs/formats.md). Absent if the request had items.")]
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? Ciphertext { get; }

    [Description("One result per item, in the order of the request. Absent if the request had no items.")]
    [Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<EncryptedItem>? Items { get; }
}

internal sealed record EncryptedItem(
    [property: BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The ciphertext. Absent if the item was refused.")]
    byte[]? Ciphertext,
    [property: Description("Why the item was refused. Absent if it succeeded.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ItemRefusal? Error);

internal static class Encrypt
{
    public static void MapEncrypt(this RouteGroupBuilder crypto) =>
        crypto.MapPost("/encrypt", HandleAsync)
            .WithName("Encrypt")
            .WithSummary("Encrypts one plaintext, or a batch of items, to an AES-256, ML-KEM or RSA key.")
            .WithRequestExample("""{"plaintext":"aGVsbG8=","context":{"purpose":"demo"},"algorithm":"AES-256","name":"demo"}""")
            .WithValidation<EncryptRequest, EncryptRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Reply<EncryptResponse>> HandleAsync(
        EncryptRequest request, Caller caller, Cipher cipher, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(EncryptionEndpoints.DefaultAlgorithm, follow: request.Strict != true);
        if (request.Items is null)
            return Reply.Ok(new EncryptResponse(
                await cipher.EncryptAsync(caller, choice, request.Context.OrEmpty(), request.Plaintext!, cancellationToken),
                request.Algorithm?.Text));

        (EncryptionContext, SecretBytes)[] items = [.. request.Items.Select(item => (item!.Context.OrEmpty(), item.Plaintext!))];
        return Reply.Ok(
            new EncryptResponse(await cipher.EncryptManyAsync(caller, choice, items, cancellationToken), request.Algorithm?.Text));
    }
}
