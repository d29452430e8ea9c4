namespace Qkms.Core.Algorithms;

/// <summary>The kinds of algorithm.</summary>
public enum KeyAlgorithmFamily
{
    /// <summary>ML-KEM, FIPS 203.</summary>
    MLKem,

    /// <summary>ML-DSA, FIPS 204.</summary>
    MLDsa,

    /// <summary>RSA, RFC 8017: OAEP for encryption, PSS for signatures.</summary>
    Rsa,

    /// <summary>AES, FIPS 197: one secret key, and no public one.</summary>
    Aes,
}
