namespace Qkms.Core.Algorithms;

/// <summary>
/// What a JWK (RFC 7517) says of a public key beside its key type, id and use; the bytes are encoded by whoever writes it.
/// </summary>
internal sealed record JwkPublicKey
{
    /// <summary><c>alg</c>: the algorithm, where the key has only one.</summary>
    public string? Algorithm { get; init; }

    /// <summary><c>pub</c>: the raw public key (RFC 9964, section 3).</summary>
    public byte[]? PublicKey { get; init; }

    /// <summary><c>crv</c>: the curve (RFC 7518, section 6.2.1.1; RFC 8037, section 2).</summary>
    public string? Curve { get; init; }

    /// <summary><c>x</c>: the public key on it, or the point's first coordinate.</summary>
    public byte[]? X { get; init; }

    /// <summary><c>y</c>: the point's second coordinate (RFC 7518, section 6.2.1.3).</summary>
    public byte[]? Y { get; init; }

    /// <summary><c>n</c>: the modulus, big-endian without leading zeros (RFC 7518, section 6.3.1.1).</summary>
    public byte[]? Modulus { get; init; }

    /// <summary><c>e</c>: the public exponent (RFC 7518, section 6.3.1.2).</summary>
    public byte[]? Exponent { get; init; }
}
