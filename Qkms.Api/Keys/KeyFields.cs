using Qkms.Core.Algorithms;

namespace Qkms.Api.Keys;

/// <summary>A kid or a version number, in a path.</summary>
internal sealed class KidOrNumberFieldAttribute : FieldAttribute
{
    public KidOrNumberFieldAttribute() => (Pattern, MaxLength) = ("^[A-Za-z0-9][A-Za-z0-9._-]*$", Kid.MaxLength);
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
