using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using FluentValidation;
using Qkms.Api.Encryption.Kem;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Encryption;
using Qkms.Core.Uses;

namespace Qkms.Api.Encryption;

internal sealed record ReEncryptRequest(
    [property: BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [property: Description(
        "The ciphertext or wrapped data key, base64. A wrapped data key stays one. Give either this, a wrapped_key, or items.")]
    byte[]? Ciphertext,
    [property: BytesField(0, KemEndpoints.MaxEncapsulated, Example = Examples.Bytes)]
    [property: Description("A key that /kem/key/wrap wrapped, base64. It stays one.")]
    byte[]? WrappedKey,
    [property: Description("The same context as at encryption.")] ContextMap? Context,
    [property: AadField]
    [property: Description(
        "The associated data of a wrapped_key, or of a ciphertext of /kem/encrypt, base64; give it, if empty, to say that it is one.")]
    byte[]? Aad,
    [property: Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [property: Description("A batch of ciphertexts and wrapped keys, each with its own context or associated data.")]
    [property: JsonConverter(typeof(BatchConverter<ReEncryptItemRequest>))]
    IReadOnlyList<ReEncryptItemRequest?>? Items,
    [property: Description("The kid of the version that made the ciphertext. AES-256 ciphertexts name their version, so they need none.")]
    KidText? Kid,
    [property: KeyVersionField]
    [property: Description("The version that made the ciphertext, by its number; algorithm and name select the key.")]
    int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Decrypt)]
    [property: Description("The algorithm of the key that made the ciphertext. Default: AES-256; ML-KEM-768 with aad or wrapped_key.")]
    AlgorithmText? Algorithm,
    [property: Description("The name of the key that made the ciphertext. Default: 'default'.")] KeyNameText? Name,
    [property: Description("The new key. Default: the active version of the same logical key.")]
    ReEncryptDestinationRequest? Destination) : IKeyChoiceFields, IMovedFields;

internal sealed record ReEncryptItemRequest(
    [property: BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [property: Description("The ciphertext or wrapped data key, base64. Give either this or a wrapped_key.")]
    byte[]? Ciphertext,
    [property: BytesField(0, KemEndpoints.MaxEncapsulated, Example = Examples.Bytes)]
    [property: Description("A key that /kem/key/wrap wrapped, base64. It stays one.")]
    byte[]? WrappedKey,
    [property: Description("The same context as at encryption.")] ContextMap? Context,
    [property: AadField]
    [property: Description(
        "The associated data of a wrapped_key, or of a ciphertext of /kem/encrypt, base64; give it, if empty, to say that it is one.")]
    byte[]? Aad) : IMovedFields;

/// <summary>What is moved, alone or as an item.</summary>
internal interface IMovedFields
{
    byte[]? Ciphertext { get; }

    byte[]? WrappedKey { get; }

    ContextMap? Context { get; }

    byte[]? Aad { get; }
}

internal sealed record ReEncryptDestinationRequest(
    [property: Description("The kid of the version to encrypt with.")] KidText? Kid,
    [property: KeyVersionField]
    [property: Description("The version to encrypt with, by its number; algorithm and name select the key.")]
    int? KeyVersion,
    [property: AlgorithmForField(KeyOperation.Encrypt)]
    [property: Description("The algorithm of the new key. Default: AES-256; ML-KEM-768 where the new form has aad.")]
    AlgorithmText? Algorithm,
    [property: Description("The name of the new key. Default: 'default'.")] KeyNameText? Name,
    [property: Description("The context of the new ciphertext. Default: the same as before.")] ContextMap? Context,
    [property: AadField]
    [property: Description("The associated data of the new ciphertext or wrapped key, base64: as of /kem. Default: the same as before.")]
    byte[]? Aad,
    [property: Description("Whether to refuse a retired kid instead of using its successor. Default: false.")]
    bool? Strict) : IKeyChoiceFields;

internal sealed class ReEncryptRequestValidator : KeyChoiceValidator<ReEncryptRequest>
{
    public ReEncryptRequestValidator()
    {
        RuleFor(r => r).Custom((request, context) =>
        {
            if (request.Items is null)
                Check(request, request.Destination, context.AddFailure);
            else if (Given(request) is { } member)
                context.AddFailure(member, "belongs in the items");
        });
        RuleFor(r => r.Items).IsBatch((request, item, refuse) => Check(item, request.Destination, refuse));
        RuleFor(r => r.Destination!).SetValidator(new ReEncryptDestinationRequestValidator()).When(r => r.Destination is not null);
    }

    private static void Check(IMovedFields moved, ReEncryptDestinationRequest? destination, Action<string, string> refuse)
    {
        if ((moved.Ciphertext is null) == (moved.WrappedKey is null))
            refuse("ciphertext", "is required, unless there is a wrapped_key or there are items: base64");
        else if (moved.Ciphertext?.Length > SizeRules.MaxCiphertext)
            refuse("ciphertext", SizeRules.TooLong(SizeRules.MaxCiphertext));
        else if (moved.WrappedKey?.Length > KemEndpoints.MaxEncapsulated)
            refuse("wrapped_key", SizeRules.TooLong(KemEndpoints.MaxEncapsulated));
        else if (moved.Context is { Problem: { } problem })
            refuse("context", problem);
        else if (moved.Aad?.Length > KemEndpoints.MaxAad)
            refuse("aad", SizeRules.TooLong(KemEndpoints.MaxAad));
        else if (moved is { Context: not null, Aad: not null })
            refuse("aad", "must be absent beside a context");
        else if (moved is { WrappedKey: not null, Context: not null })
            refuse("context", "must be absent for a wrapped key: it has aad");
        else if (moved.WrappedKey is not null && destination?.Context is not null)
            refuse("wrapped_key", "stays one, and has no context: leave out the destination's");
    }

    private static string? Given(IMovedFields moved) => moved switch
    {
        { Ciphertext: not null } => "ciphertext",
        { WrappedKey: not null } => "wrapped_key",
        { Context: not null } => "context",
        { Aad: not null } => "aad",
        _ => null,
    };
}

internal sealed class ReEncryptDestinationRequestValidator : KeyChoiceValidator<ReEncryptDestinationRequest>
{
    public ReEncryptDestinationRequestValidator()
    {
        RuleFor(r => r.Context).IsContext();
        RuleFor(r => r.Aad)
            .Must((r, aad) => aad is null || r.Context is null).WithMessage("must be absent beside a context")
            .IsAtMost(KemEndpoints.MaxAad);
    }
}

internal sealed record ReEncryptResponse : KeyOrItemsResponse
{
    [SetsRequiredMembers]
    public ReEncryptResponse(ReEncrypted moved, bool isWrappedKey, string? spelling)
        : base(moved.Result.Key, spelling, moved.Source.LimitWarnings)
    {
        Ciphertext = isWrappedKey ? null : moved.Result.Result;
        WrappedKey = isWrappedKey ? moved.Result.Result : null;
        SourceKid = moved.Source.Version.Kid.Value;
    }

    [SetsRequiredMembers]
    public ReEncryptResponse(IReadOnlyList<ItemOf<ReEncrypted>> moved, IReadOnlyList<ReEncryptedItem> items)
        : base(null, null, WarningsOf(moved.SelectMany(item => new[] { item.Result?.Source, item.Result?.Result.Key }))) => Items = items;

    [Description("The new ciphertext, base64. Absent for a wrapped key, and if the request had items.")]
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? Ciphertext { get; }

    [Description("The new wrapped key, base64. Absent for a ciphertext, and if the request had items.")]
    [BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Bytes)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? WrappedKey { get; }

    [Description("The kid of the version that decrypted the old ciphertext. Absent if the request had items.")]
    [KidField(Example = KidFieldAttribute.Previous)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SourceKid { get; }

    [Description("One result per item, in the order of the request. Absent if the request had no items.")]
    [Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ReEncryptedItem>? Items { get; }
}

internal sealed record ReEncryptedItem(
    [property: BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Blob)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The new ciphertext. Absent for a wrapped key, or if the item was refused.")]
    byte[]? Ciphertext,
    [property: BytesField(0, SizeRules.MaxCiphertext, Example = Examples.Bytes)]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The new wrapped key. Absent for a ciphertext, or if the item was refused.")]
    byte[]? WrappedKey,
    [property: KidField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The kid of the version that encrypted. Absent if the item was refused.")]
    string? Kid,
    [property: KeyVersionField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The number of that version. Absent if the item was refused.")]
    int? KeyVersion,
    [property: KidField(Example = KidFieldAttribute.Previous), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The kid of the version that decrypted. Absent if the item was refused.")]
    string? SourceKid,
    [property: Description("Why the item was refused. Absent if it succeeded.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ItemRefusal? Error)
{
    public static ReEncryptedItem From(ItemOf<ReEncrypted> item, bool isWrappedKey)
    {
        if (item.Result is not { } moved)
            return new ReEncryptedItem(null, null, null, null, null, ItemRefusal.From(item.Refusal));

        byte[] made = moved.Result.Result;
        ChosenKey key = moved.Result.Key;
        return new ReEncryptedItem(
            isWrappedKey ? null : made,
            isWrappedKey ? made : null,
            key.Version.Kid.Value,
            key.Version.Version,
            moved.Source.Version.Kid.Value,
            null);
    }
}

internal static class ReEncrypt
{
    public static void MapReEncrypt(this RouteGroupBuilder crypto) =>
        crypto.MapPost("/re-encrypt", HandleAsync)
            .WithName("ReEncrypt")
            .WithSummary(
                "Decrypts with one key and encrypts to another, inside the service: one ciphertext or wrapped key, or a batch of items. "
                + "Default destination: the active version of the same key.")
            .WithRequestExample(
                """
                {
                  "ciphertext":"paste+from+Encrypt++",
                  "context":{"purpose":"demo"},
                  "destination":{"algorithm":"ML-KEM-768","name":"demo"}
                }
                """)
            .WithValidation<ReEncryptRequest, ReEncryptRequestValidator>()
            .CarriesPayload()
            .Refuses([.. KeyUseRefusals.Creating, KmsErrors.DecryptionFailed]);

    private static async Task<Reply<ReEncryptResponse>> HandleAsync(
        ReEncryptRequest request, Caller caller, ReEncryption reEncryption, CancellationToken cancellationToken)
    {
        if (request.Items is null)
        {
            (KeyChoice source, KeyChoice? destination, MovedCiphertext from, Authenticated? to) = Plan(request, request);
            ReEncrypted moved = await reEncryption.ReEncryptAsync(caller, source, destination, from, to, cancellationToken);
            return Reply.Ok(new ReEncryptResponse(moved, from.IsWrappedKey, request.Destination?.Algorithm?.Text));
        }

        (KeyChoice, KeyChoice?, MovedCiphertext From, Authenticated?)[] items = [.. request.Items.Select(item => Plan(request, item!))];
        IReadOnlyList<ItemOf<ReEncrypted>> results = await reEncryption.ReEncryptManyAsync(caller, items, cancellationToken);
        return Reply.Ok(new ReEncryptResponse(
            results, [.. results.Select((result, i) => ReEncryptedItem.From(result, items[i].From.IsWrappedKey))]));
    }

    private static (KeyChoice Source, KeyChoice? Destination, MovedCiphertext From, Authenticated? To) Plan(
        ReEncryptRequest request, IMovedFields moved)
    {
        bool isWrappedKey = moved.WrappedKey is not null;
        bool hadAad = isWrappedKey || moved.Aad is not null;
        Authenticated bound = hadAad ? new Authenticated(null, moved.Aad ?? []) : new Authenticated(moved.Context.OrEmpty(), null);

        ReEncryptDestinationRequest? to = request.Destination;
        Authenticated? newBound = to switch
        {
            { Context: not null } => new Authenticated(to.Context.OrEmpty(), null),
            { Aad: { } aad } => new Authenticated(null, aad),
            _ => null,
        };
        bool getsAad = (newBound ?? bound).Aad is not null;
        return (
            request.ToKeyChoice(hadAad ? KemEndpoints.DefaultAlgorithm : EncryptionEndpoints.DefaultAlgorithm),
            NamesKey(to)
                ? to.ToKeyChoice(
                    getsAad ? KemEndpoints.DefaultAlgorithm : EncryptionEndpoints.DefaultAlgorithm, follow: to.Strict != true) with
                {
                    FieldPrefix = "destination."
                }
                : null,
            new MovedCiphertext(moved.Ciphertext ?? moved.WrappedKey!, bound, isWrappedKey),
            newBound);
    }

    private static bool NamesKey([NotNullWhen(true)] ReEncryptDestinationRequest? destination) =>
        destination is not null and not { Kid: null, Algorithm: null, Name: null, KeyVersion: null };
}
