using System.ComponentModel;
using System.Text.Json.Serialization;
using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Api.Http;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Encryption;
using Qkms.Core.Keys;
using Qkms.Core.Secrets;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption;

internal sealed record DecryptRequest(
    [property: Description("The ciphertext, base64. Give either this or items.")] byte[]? Ciphertext,
    [property: Description("The same context as at encryption. The order of members does not matter.")] Dictionary<string, string?>? Context,
    [property: Description("A batch of ciphertexts, each with its own context.")] IReadOnlyList<DecryptItemRequest?>? Items,
    [property: Description("The kid of the key version. AES-256 ciphertexts name their version, so they need none.")] string? Kid,
    [property: Description("The key version by its number; algorithm and name select the key.")] int? KeyVersion,
    [property: Description("The algorithm. Default: AES-256.")] string? Algorithm,
    [property: Description("The name of the logical key. Default: 'default'.")] string? Name) : IKeyChoiceFields;

internal sealed record DecryptItemRequest(
    [property: System.ComponentModel.DataAnnotations.Required, Description("The ciphertext, base64.")] byte[]? Ciphertext,
    [property: Description("The same context as at encryption.")] Dictionary<string, string?>? Context);

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
            else if (!EncryptionContext.TryCreate(item.Context, out _, out string? problem))
                refuse("context", problem);
        });
    }
}

internal sealed record DecryptResponse(
    [property: Description("The plaintext, base64. Absent if the request had items."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SecretBytes? Plaintext,
    [property: Description("One result per item, in the order of the request. Absent if the request had no items."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<DecryptedItem>? Items,
    [property: Description("The kid of the version that was used. Absent if the request had items: each result has its own."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Kid,
    [property: Description("The number of that version."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? KeyVersion,
    [property: Description("The algorithm, spelled as in the request or, if the request names none, as when the version was generated."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Algorithm,
    [property: Description("The canonical name of the algorithm."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? AlgorithmId,
    [property: Description("Warnings; usually empty.")] IReadOnlyList<string> Warnings) : IDisposable
{
    public static DecryptResponse From(Used<SecretBytes> decrypted, string? spelling)
    {
        KeyVersion version = decrypted.Key.Version;
        return new(decrypted.Result, null, version.Kid.Value, version.Version, spelling ?? version.Spelling, version.Algorithm.Name, []);
    }

    public static DecryptResponse From(IReadOnlyList<ItemOf<Used<SecretBytes>>> items) =>
        new(null, [.. items.Select(DecryptedItem.From)], null, null, null, null, []);

    public void Dispose()
    {
        Plaintext?.Dispose();
        foreach (DecryptedItem item in Items ?? [])
            item.Plaintext?.Dispose();
    }
}

internal sealed record DecryptedItem(
    [property: Description("The plaintext. Absent if the item was refused."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SecretBytes? Plaintext,
    [property: Description("The kid of the version that was used. Absent if the item was refused."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Kid,
    [property: Description("The number of that version. Absent if the item was refused."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? KeyVersion,
    [property: Description("Why the item was refused. Absent if it succeeded."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ItemRefusal? Error)
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
            .WithRequestExample("""{"ciphertext":"UUsBAQEBmPXCfR58OptU","context":{"purpose":"demo"}}""")
            .WithValidation(new DecryptRequestValidator())
            .Requires(Permission.CryptoDecrypt)
            .Refuses(KeyUseRefusals.Decrypting);

    private static async Task<Enveloped<DecryptResponse>> HandleAsync(DecryptRequest request, Caller caller, Cipher cipher, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(EncryptionEndpoints.DefaultAlgorithm);
        if (request.Items is null)
            return Enveloped.Ok(DecryptResponse.From(await cipher.DecryptAsync(caller, choice, request.Context.ToContext(), request.Ciphertext, cancellationToken), request.Algorithm));

        (EncryptionContext, byte[])[] items = [.. request.Items.Select(item => (item!.Context.ToContext(), item.Ciphertext!))];
        return Enveloped.Ok(DecryptResponse.From(await cipher.DecryptManyAsync(caller, choice, items, cancellationToken)));
    }
}
