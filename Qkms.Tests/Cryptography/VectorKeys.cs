using System.Reflection;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// Keys of published vectors, as the service holds them in memory: loaded by their families from what would be stored, or, where vectors
/// have a public key only, the same objects without a private one.
/// </summary>
internal static class VectorKeys
{
    public static SignatureParameters With(SignatureHash? hash, SignaturePadding? padding = null) => new([], hash, padding);

    public static SignatureHash Hash(string name) =>
        SignatureHash.TryParse(name, out SignatureHash? hash) ? hash : throw new InvalidDataException($"'{name}' is not known.");

    /// <summary>A key from its stored form.</summary>
    public static T Load<T>(string algorithm, ReadOnlySpan<byte> stored, string? oaepHash = null)
        where T : LoadedKey
    {
        var known = KeyAlgorithm.FromStored(algorithm);
        PqcEngine engine = EngineUnderTest.Present.Values.First().Engine;
        return (T)known.Family.Load(new StoredKey(known, default, oaepHash), SecretBytes.CopyOf(stored), engine);
    }

    public static T LoadPkcs8<T>(string algorithm, AsymmetricAlgorithm key, string? oaepHash = null)
        where T : LoadedKey => Load<T>(algorithm, key.ExportPkcs8PrivateKey(), oaepHash);

    public static EcdsaKey Ecdsa(string algorithm, ReadOnlySpan<byte> publicKeyInfo)
    {
        var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(publicKeyInfo, out _);
        return new EcdsaKey(KeyAlgorithm.FromStored(algorithm), key, strength: 0);
    }

    public static RsaKey Rsa(ReadOnlySpan<byte> publicKeyInfo)
    {
        RSA key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(publicKeyInfo, out _);
        return Rsa(key);
    }

    public static RsaKey Rsa(RSA key) => new(KeyAlgorithm.FromStored($"RSA-{key.KeySize}"), key, oaepHash: null);

    /// <summary>A key that verifies by a public key of its own, and has another private one.</summary>
    public static Ed25519Key Ed25519(byte[] publicKey)
    {
        Ed25519Key key = Load<Ed25519Key>("Ed25519", new byte[32]);
        publicKey.CopyTo(
            (byte[])typeof(Ed25519Key).GetField("_publicKey", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(key)!, 0);
        return key;
    }

    /// <summary>Whether a signature of a message is the key's, as a message and, where the key takes them, as a hash too.</summary>
    public static bool Verifies(this LoadedKey key, byte[] message, byte[] signature, SignatureParameters parameters)
    {
        bool verifies = ((ISign)key).Verify(message, parameters, signature);
        if (key is ISignHash hashes && parameters.Hash is { } hash)
        {
            byte[] hashed = CryptographicOperations.HashData(hash.PlatformName, message);
            hashes.VerifyHash(hashed, new HashParameters(hash, [], parameters.Padding), signature).Should().Be(verifies);
        }

        return verifies;
    }

    /// <summary>The plaintext of OAEP; null where it does not open.</summary>
    public static byte[]? Opens(this RsaKey key, byte[] ciphertext)
    {
        using SecretBytes? opened = key.TryDecrypt(EncryptionContext.Empty, ciphertext);
        return opened?.Span.ToArray();
    }
}
