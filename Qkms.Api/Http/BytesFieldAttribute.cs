namespace Qkms.Api.Http;

/// <summary>A byte string in base64. A length that is not a multiple of three is rounded up to one; the service counts the bytes.</summary>
internal class BytesFieldAttribute : FieldAttribute
{
    /// <summary>Any bytes, even none (RFC 4648, section 4): groups of four, with padding, and with zeros in the bits left over.</summary>
    public const string Base64 = $"^{Base64Groups}$";

    /// <summary>The same without the anchors, to build other patterns with.</summary>
    public const string Base64Groups = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?";

    /// <summary>Bytes without a limit of their own.</summary>
    public BytesFieldAttribute() => Pattern = Base64;

    /// <param name="min">The fewest bytes.</param>
    /// <param name="max">The most bytes.</param>
    public BytesFieldAttribute(int min, int max)
        : this() => (MinLength, MaxLength) = (LengthOf(min), LengthOf(max));

    /// <summary>The length of bytes in base64.</summary>
    public static int LengthOf(int bytes) => (bytes + 2) / 3 * 4;
}
