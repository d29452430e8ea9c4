using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Qkms.Api.Encryption;
using Qkms.Api.Fields;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

/// <summary>What the signing routes answer alike.</summary>
internal abstract record SigningResponse : KeyUseResponse
{
    [SetsRequiredMembers]
    protected SigningResponse(Used<byte[]> made, string? spelling)
        : base(made.Key, spelling, made.Warnings) => Signature = made.Result;

    [SetsRequiredMembers]
    protected SigningResponse(Used<IReadOnlyList<ItemOf<byte[]>>> made, string? spelling)
        : base(made.Key, spelling, made.Warnings) =>
        Items = [.. made.Result.Select(item => new SignedItem(item.Result, ItemRefusal.From(item.Refusal)))];

    [Description("The signature, base64. Absent if the request had items.")]
    [SignatureField]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? Signature { get; }

    [Description("One result per item, in the order of the request. Absent if the request had no items.")]
    [Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SignedItem>? Items { get; }
}

internal sealed record SignedItem(
    [property: SignatureField, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("The signature. Absent if the item was refused.")]
    byte[]? Signature,
    [property: Description("Why the item was refused. Absent if it succeeded.")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    ItemRefusal? Error);

/// <summary>What the verifying routes answer alike.</summary>
internal abstract record VerifyingResponse : KeyOrItemsResponse
{
    [SetsRequiredMembers]
    protected VerifyingResponse(Used<bool> verified, string? spelling)
        : base(verified.Key, spelling, verified.Warnings) => Valid = verified.Result;

    [SetsRequiredMembers]
    protected VerifyingResponse(IReadOnlyList<ItemOf<Used<bool>>> verified)
        : base(
            null,
            null,
            [
                .. verified.SelectMany(item => item.Result?.Warnings ?? []).Distinct(),
                .. WarningsOf(verified.Select(item => item.Result?.Key)).Take(WarningsFieldAttribute.Most - 1),
            ]) =>
        Items = [.. verified.Select(VerifiedItem.From)];

    [Description("Whether the signature is valid for this key and input. Absent if the request had items.")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Valid { get; }

    [Description("One result per item, in the order of the request. Absent if the request had no items.")]
    [Field(MinItems = 1, MaxItems = BatchRules.MaxItems)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<VerifiedItem>? Items { get; }
}

internal sealed record VerifiedItem(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [property: Description("Whether the signature is valid for this key and input. Absent if the item was refused.")]
    bool? Valid,
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
    public static VerifiedItem From(ItemOf<Used<bool>> item) => new(
        item.Result?.Result, item.Result?.Key.Version.Kid.Value, item.Result?.Key.Version.Version, ItemRefusal.From(item.Refusal));
}
