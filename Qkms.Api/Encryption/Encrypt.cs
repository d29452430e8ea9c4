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
    [property: Description("What to encrypt, base64, at most 1 MB; RSA takes less. Either this or items.")] SecretBytes? Plaintext,
    [property: Description("Text that is authenticated with the ciphertext and has to be given again to decrypt; not for RSA.")] Dictionary<string, string?>? Context,
    [property: Description("Many plaintexts for the same key, each with its own context.")] IReadOnlyList<EncryptItemRequest?>? Items,
    [property: Description("The key version by its kid.")] string? Kid,
    [property: Description("The key version by its number, with algorithm and name.")] int? KeyVersion,
    [property: Description("The algorithm; AES-256 unless given.")] string? Algorithm,
    [property: Description("The name of the logical key; 'default' unless given.")] string? Name,
    [property: Description("Whether a retired kid is refused instead of its successor being used; false unless given.")] bool? Strict) : IKeyChoiceFields, IDisposable
{
    public void Dispose()
    {
        Plaintext?.Dispose();
        foreach (EncryptItemRequest? item in Items ?? [])
            item?.Plaintext?.Dispose();
    }
}

internal sealed record EncryptItemRequest(
    [property: System.ComponentModel.DataAnnotations.Required, Description("What to encrypt, base64.")] SecretBytes? Plaintext,
    [property: Description("Text that is authenticated with this ciphertext.")] Dictionary<string, string?>? Context);

internal sealed class EncryptRequestValidator : KeyChoiceValidator<EncryptRequest>
{
    public EncryptRequestValidator()
    {
        RuleFor(r => r.Plaintext)
            .Must((r, plaintext) => (plaintext is null) != (r.Items is null)).WithMessage("is required, unless there are items: base64")
            .IsAtMost(SizeRules.MaxPayload);
        RuleFor(r => r.Context)
            .Must((r, context) => context is null || r.Items is null).WithMessage("belongs into the items")
            .IsContext();
        RuleFor(r => r.Items).IsBatch((item, refuse) =>
        {
            if (item.Plaintext is null)
                refuse("plaintext", "is required: base64");
            else if (item.Plaintext.Length > SizeRules.MaxPayload)
                refuse("plaintext", SizeRules.TooLong(SizeRules.MaxPayload));
            else if (!EncryptionContext.TryCreate(item.Context, out _, out string? problem))
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
        : base(encrypted.Key, spelling) => Items = [.. encrypted.Result.Select(item => new EncryptedItem(item.Result, ItemRefusal.From(item.Refusal)))];

    [Description("The ciphertext, base64, in the format of the key's algorithm (docs/formats.md). Absent when there were items.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? Ciphertext { get; }

    [Description("One result for each item, in their order. Absent when there were none.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<EncryptedItem>? Items { get; }
}

internal sealed record EncryptedItem(
    [property: Description("The ciphertext; absent when the item was refused."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] byte[]? Ciphertext,
    [property: Description("Why the item was refused; absent when it was not."), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ItemRefusal? Error);

internal static class Encrypt
{
    public static void MapEncrypt(this RouteGroupBuilder crypto) =>
        crypto.MapPost("/encrypt", HandleAsync)
            .WithName("Encrypt")
            .WithSummary("Encrypts to any encryption key: AES-256, ML-KEM or RSA; one plaintext, or many items.")
            .WithRequestExample("""{"plaintext":"aGVsbG8=","algorithm":"AES-256","context":{"purpose":"demo"}}""")
            .WithValidation(new EncryptRequestValidator())
            .Requires(Permission.CryptoEncrypt)
            .Refuses(KeyUseRefusals.Creating);

    private static async Task<Enveloped<EncryptResponse>> HandleAsync(EncryptRequest request, Caller caller, Cipher cipher, CancellationToken cancellationToken)
    {
        KeyChoice choice = request.ToKeyChoice(EncryptionEndpoints.DefaultAlgorithm, follow: request.Strict != true);
        if (request.Items is null)
            return Enveloped.Ok(new EncryptResponse(await cipher.EncryptAsync(caller, choice, request.Context.ToContext(), request.Plaintext!, cancellationToken), request.Algorithm));

        (EncryptionContext, SecretBytes)[] items = [.. request.Items.Select(item => (item!.Context.ToContext(), item.Plaintext!))];
        return Enveloped.Ok(new EncryptResponse(await cipher.EncryptManyAsync(caller, choice, items, cancellationToken), request.Algorithm));
    }
}
