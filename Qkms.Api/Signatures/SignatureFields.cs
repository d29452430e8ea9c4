using FluentValidation;
using Qkms.Api.Fields;
using Qkms.Core.Algorithms;
using Qkms.Core.Signatures;
using Qkms.Core.Uses;

namespace Qkms.Api.Signatures;

/// <summary>A signature. One that is too long is wrong, not refused: any length that a request body holds is allowed.</summary>
internal sealed class SignatureFieldAttribute : BytesFieldAttribute
{
    public SignatureFieldAttribute()
        : base(0, 2 * SizeRules.MaxPayload) => Example = Examples.Bytes;
}

/// <summary>The context string of FIPS 204.</summary>
internal sealed class SignatureContextFieldAttribute : BytesFieldAttribute
{
    public SignatureContextFieldAttribute()
        : base(0, Signer.MaxContextLength) => Example = "aW52b2ljZXM=";
}

/// <summary>A hash: 32, 48 or 64 bytes.</summary>
internal sealed class HashFieldAttribute : FieldAttribute
{
    public HashFieldAttribute() => (Pattern, Example) = (
        "^([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{85}[AQgw]==)$",
        "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
}

/// <summary>An external μ of FIPS 204: 64 bytes.</summary>
internal sealed class MuFieldAttribute : FieldAttribute
{
    public const string Sample = "7PsbV1zAUg1a1QZHhFwEDsRhwuZ0lNDzcy0QZqkJHTo1ESLxJ4ZVGC+jW9kSQ2mHnkWrXyIPUxwOUrmA6Cc2pg==";

    public MuFieldAttribute() => (Pattern, Example) = ("^[A-Za-z0-9+/]{85}[AQgw]==$", Sample);
}

/// <summary>The padding of an RSA signature.</summary>
internal sealed class PaddingFieldAttribute : FieldAttribute
{
    public PaddingFieldAttribute() => (Words, Example) = ([.. SignaturePaddings.All], SignaturePaddings.All[0]);
}

/// <summary>Rules and texts that the signature requests share.</summary>
internal static class SignatureRules
{
    public const string NeedsOneOrItems = "is required unless there are items: base64";
    public const string BelongsInItems = "belongs in the items";
    public const string Required = "is required: base64";
    public const string MuLength = "must have 64 bytes";

    public static IRuleBuilderOptions<T, string?> IsSignaturePadding<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Must(word => word is null || SignaturePaddings.Parse(word) is not null)
            .WithMessage($"must be {string.Join(" or ", SignaturePaddings.All)}");

    public static IRuleBuilderOptions<T, byte[]?> IsMu<T>(this IRuleBuilder<T, byte[]?> rule) =>
        rule.Must(mu => mu is null or { Length: Signer.MuLength }).WithMessage(MuLength);

    /// <summary>The padding that a key used; null where its algorithm leaves no choice.</summary>
    public static string? PaddingOf(ChosenKey used, string? asked) =>
        asked ?? used.Version.Algorithm.Family.DefaultSignaturePadding?.ToWire();
}
