using System.ComponentModel;
using System.Text.Json.Serialization;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Keys;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption;

internal sealed record DecryptRequest(
    [property: BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [property: Description("The ciphertext, base64. Give either this or items.")]
    byte[]? Ciphertext,
    [property: Description("The same context as at encryption. The order of members does not matter.")] ContextMap? Context,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of ciphertexts, each with its own context.")]
    [property: JsonConverter(typeof(BatchConverter<DecryptItemRequest>))]
    IReadOnlyList<DecryptItemRequest?>? Items,
    [property: Description("The kid of the key version. AES-256 ciphertexts name their version, so they need none.")] KidText? Kid,
    [property: KeyVersionField, Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Decrypt), Description("The algorithm. Default: AES-256.")] AlgorithmText? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] KeyNameText? Name) : IKeyChoiceFields;

internal sealed record DecryptItemRequest(
    [property: System.ComponentModel.DataAnnotations.Required, BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [property: Description("The ciphertext, base64.")]
    byte[]? Ciphertext,
    [property: Description("The same context as at encryption.")] ContextMap? Context);

internal sealed class DecryptRequestValidator : KeyChoiceValidator<DecryptRequest>
{
    public DecryptRequestValidator()
    {
        RuleFor(r => r.Ciphertext)
            .Must((r, ciphertext) => (ciphertext is null) != (r.Items is null)).WithMessage("is required unless there are items: base64")
            .IsAtMost(SizeRules.MaxCiphertext);
        RuleFor(r => r.Context)
            .Must((r, context) => context is null || r.Items is null).WithMessage("belongs in the items")
            .IsContext();
        RuleFor(r => r.Items).IsBatch((item, refuse) =>
        {
            if (item.Ciphertext is null)
                refuse("ciphertext", "is required: base64");
            else if (item.Ciphertext.Length > SizeRules.MaxCiphertext)
                refuse("ciphertext", SizeRules.TooLong(SizeRules.MaxCiphertext));
            else if (item.Context is { Problem: { } problem })
                refuse("context", problem);
        });
    }
}

internal sealed record DecryptResponse(
    [property: BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Plaintext)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The plaintext, base64. Absent if the request had items.")]
    SecretBytes? Plaintext,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("One result per item, in the order of the request. Absent if the request had no items.")]
    IReadOnlyList<DecryptedItem>? Items,
    [property: KidField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The kid of the version that was used. Absent if the request had items: each result has its own.")]
    string? Kid,
    [property: KeyVersionField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The number of that version.")]
    int? KeyVersion,
    [property: AlgorithmField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The algorithm, spelled as in the request or, if the request names none, as when the version was generated.")]
    string? Algorithm,
    [property: AlgorithmIdField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The canonical name of the algorithm.")]
    string? AlgorithmId,
    [property: WarningsField, Description("Warnings; usually empty.")] IReadOnlyList<string> Warnings) : IDisposable
{
    public static DecryptResponse From(Used<SecretBytes> decrypted, string? spelling)
    {
        KeyVersion version = decrypted.Key.Version;
        return new(
            decrypted.Result,
            null,
            version.Kid.Value,
            version.Version,
            spelling ?? version.Spelling,
            version.Algorithm.Name,
            decrypted.Key.LimitWarnings);
    }

    public static DecryptResponse From(IReadOnlyList<ItemOf<Used<SecretBytes>>> items)
    {
        IEnumerable<string> warnings = items.SelectMany(item => item.Result?.Key.LimitWarnings ?? []).Distinct();
        return new(
            null, [.. items.Select(DecryptedItem.From)], null, null, null, null, [.. warnings.Take(WarningsFieldAttribute.Most)]);
    }

    public void Dispose()
    {
        Plaintext?.Dispose();
        foreach (DecryptedItem item in Items ?? [])
            item.Plaintext?.Dispose();
    }
}

internal sealed record DecryptedItem(
    [property: BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Plaintext)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The plaintext. Absent if the item was refused.")]
    SecretBytes? Plaintext,
    [property: KidField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The kid of the version that was used. Absent if the item was refused.")]
    string? Kid,
    [property: KeyVersionField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The number of that version. Absent if the item was refused.")]
    int? KeyVersion,
    [property: Description("Why the item was refused. Absent if it succeeded.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ItemRefusal? Error)
{
    public static DecryptedItem From(ItemOf<Used<SecretBytes>> item) =>
        new(item.Result?.Result, item.Result?.Key.Version.Kid.Value, item.Result?.Key.Version.Version, ItemRefusal.From(item.Refusal));
}

internal static class Decrypt
{
    public static void MapDecrypt(this RouteGroupBuilder crypto) =>
        crypto.MapPost("/decrypt", HandleAsync)
            .WithName("Decrypt")
            .WithSummary("Decrypts one ciphertext, or a batch of items. AES-256 ciphertexts name their key; for others the request must.")
            .WithDescription(KeyChoiceFields.OlderVersions)
            .WithRequestExample("""{"ciphertext":"paste+from+Encrypt++","context":{"purpose":"demo"}}""")
            .WithValidation<DecryptRequest, DecryptRequestValidator>()
            .CarriesPayload()
            .Refuses(KeyUseRefusals.Decrypting);

    private static async Task<Reply<DecryptResponse>> HandleAsync(
        DecryptRequest request, Caller caller, Cipher cipher, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(EncryptionEndpoints.DefaultAlgorithm);
        if (request.Items is null)
            return Reply.Ok(DecryptResponse.From(
                await cipher.DecryptAsync(caller, choice, request.Context.OrEmpty(), request.Ciphertext, cancellationToken),
                request.Algorithm?.Text));

        (EncryptionContext, byte[])[] items = [.. request.Items.Select(item => (item!.Context.OrEmpty(), item.Ciphertext!))];
        return Reply.Ok(DecryptResponse.From(await cipher.DecryptManyAsync(caller, choice, items, cancellationToken)));
    }
}
