using Qkms.Core.Algorithms;
using Qkms.Core.Keys;

namespace Qkms.Api.Keys;

/// <summary>A kid or a version number, in a path.</summary>
internal sealed class KidOrNumberFieldAttribute : FieldAttribute
{
    public KidOrNumberFieldAttribute() => (Pattern, MaxLength) = ("^[A-Za-z0-9][A-Za-z0-9._-]*$", Kid.MaxLength);
}

/// <summary>The cursor of a list.</summary>
internal sealed class CursorFieldAttribute : FieldAttribute
{
    public CursorFieldAttribute()
    {
        Pattern = Base64UrlFieldAttribute.Base64Url;
        MinLength = MaxLength = KeyListCursor.TextLength;
        Example = "AZj1wn0efDqbVC8Mah6NN3tEhtv2uHkoVcqiNM1f0zq7S2hYw5uE4pGkTnXbR9oC";
    }
}

/// <summary>Bytes in base64url.</summary>
internal sealed class Base64UrlFieldAttribute : FieldAttribute
{
    public const string Base64Url = "^[A-Za-z0-9_-]+$";

    public Base64UrlFieldAttribute() => Pattern = Base64Url;
}

/// <summary>The algorithm of a JWK.</summary>
internal sealed class JwkAlgorithmFieldAttribute : FieldAttribute
{
    public JwkAlgorithmFieldAttribute() => Words = [.. KeyFamily.All.SelectMany(family => family.JwkAlgorithms)];
}

/// <summary>The key type of a JWK, of families that have public keys.</summary>
internal sealed class JwkKeyTypeFieldAttribute : FieldAttribute
{
    public JwkKeyTypeFieldAttribute() =>
        Words = [.. KeyFamily.All.Where(family => !family.IsSymmetric).Select(family => family.JwkKeyType).Distinct()];
}

/// <summary>The format of a public key.</summary>
internal sealed class PublicKeyFormatFieldAttribute : FieldAttribute
{
    public PublicKeyFormatFieldAttribute() => Words = [.. PublicKeyFormats.ByName.Keys];
}
