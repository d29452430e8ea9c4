namespace Qkms.Core.Algorithms;

/// <summary>The encoding of a private key inside its wrapping. The numbers are bound into the wrapping and never change.</summary>
public enum MaterialFormat
{
    /// <summary>ML-KEM: the 64-byte seed <c>d ‖ z</c> (FIPS 203, Algorithm 16).</summary>
    MLKemSeed = 1,

    /// <summary>ML-DSA: the 32-byte seed <c>ξ</c> (FIPS 204, Algorithm 1).</summary>
    MLDsaSeed = 2,

    /// <summary>RSA: PKCS #8 PrivateKeyInfo, DER (RFC 5208).</summary>
    Pkcs8 = 3,

    /// <summary>AES-256: the 32 bytes of the key (FIPS 197).</summary>
    RawKey = 4,

    /// <summary>Ed25519: the 32-byte private key of RFC 8032, section 5.1.5, from which the scalar is expanded.</summary>
    Ed25519Seed = 5,
}
