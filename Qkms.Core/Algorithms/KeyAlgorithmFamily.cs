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
}
