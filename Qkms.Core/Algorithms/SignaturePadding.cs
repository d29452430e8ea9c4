namespace Qkms.Core.Algorithms;

/// <summary>The padding of an RSA signature (RFC 8017, section 8).</summary>
internal enum SignaturePadding
{
    /// <summary>RSASSA-PSS, with MGF1 of the same hash and a salt as long as the hash; the default.</summary>
    Pss,

    /// <summary>RSASSA-PKCS1-v1_5, for verifiers that know nothing else; <c>RS256</c> and so on of RFC 7518, section 3.3.</summary>
    Pkcs1,
}

/// <summary>The words of the API for it.</summary>
internal static class SignaturePaddings
{
    /// <summary>The words, the default first.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<SignaturePadding>().Select(ToWire)];

    /// <summary><c>pss</c> or <c>pkcs1</c>.</summary>
    public static string ToWire(this SignaturePadding padding) => padding switch
    {
        SignaturePadding.Pss => "pss",
        SignaturePadding.Pkcs1 => "pkcs1",
        _ => throw new ArgumentOutOfRangeException(nameof(padding)),
    };

    /// <summary>The padding that a word names, or null.</summary>
    public static SignaturePadding? Parse(string? word) => word switch
    {
        "pss" => SignaturePadding.Pss,
        "pkcs1" => SignaturePadding.Pkcs1,
        _ => null,
    };
}
