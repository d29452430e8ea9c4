namespace Qkms.Core.Algorithms;

/// <summary>What a family needs to know of a stored key.</summary>
/// <param name="Algorithm">Its algorithm.</param>
/// <param name="VersionId">The key version that it belongs to.</param>
/// <param name="OaepHash">The hash of OAEP, for RSA encryption keys; else null.</param>
internal sealed record StoredKey(KeyAlgorithm Algorithm, KeyVersionId VersionId, string? OaepHash);

/// <summary>
/// A private or secret key in memory. What it can do it says by what it implements: <see cref="IEncrypt"/>, <see cref="ISign"/>,
/// <see cref="ISignHash"/>, <see cref="ISignMu"/>, <see cref="IEncapsulate"/>, <see cref="IHpke"/>, <see cref="IWrapDataKeys"/>,
/// <see cref="IAuthenticate"/>.
/// </summary>
internal abstract class LoadedKey : IDisposable
{
    /// <summary>The public key that belongs to it, encoded as its row has it; empty for a symmetric key.</summary>
    public abstract ReadOnlySpan<byte> PublicKey { get; }

    /// <summary>Zeroes what is secret.</summary>
    public abstract void Dispose();
}

/// <summary>The encoding of a private key inside its wrapping. The numbers are bound into the wrapping and never change.</summary>
internal enum MaterialFormat
{
    /// <summary>ML-KEM: the 64-byte seed <c>d ‖ z</c> (FIPS 203, Algorithm 16).</summary>
    MLKemSeed = 1,

    /// <summary>ML-DSA: the 32-byte seed <c>ξ</c> (FIPS 204, Algorithm 1).</summary>
    MLDsaSeed = 2,

    /// <summary>RSA and ECDSA: PKCS #8 PrivateKeyInfo, DER (RFC 5208, RFC 5915).</summary>
    Pkcs8 = 3,

    /// <summary>AES-256 and HMAC: the bytes of the key (FIPS 197, FIPS 198-1).</summary>
    RawKey = 4,

    /// <summary>Ed25519: the 32-byte private key of RFC 8032, section 5.1.5, from which the scalar is expanded.</summary>
    Ed25519Seed = 5,
}

/// <summary>A key that is made and checked, and not stored yet.</summary>
/// <param name="PublicKey">The public key as its row will have it; empty for a symmetric key.</param>
/// <param name="PrivateKey">The private or secret key in <paramref name="Format"/>.</param>
/// <param name="Format">The encoding of the private key.</param>
internal sealed record NewKeyMaterial(byte[] PublicKey, SecretBytes PrivateKey, MaterialFormat Format) : IDisposable
{
    /// <summary>A key, once it is confirmed from the bytes that will be stored; they are zeroed when it is not.</summary>
    /// <param name="privateKey">The private key; it belongs to the result, or is gone.</param>
    /// <param name="format">Its encoding.</param>
    /// <param name="confirm">Gives the public key, or throws.</param>
    public static NewKeyMaterial Confirmed(SecretBytes privateKey, MaterialFormat format, Func<SecretBytes, byte[]> confirm)
    {
        try
        {
            return new NewKeyMaterial(confirm(privateKey), privateKey, format);
        }
        catch
        {
            privateKey.Dispose();
            throw;
        }
    }

    /// <summary>Zeroes the private key.</summary>
    public void Dispose() => PrivateKey.Dispose();
}
