using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Secrets;

namespace Qkms.Core.Keys;

/// <summary>
/// Makes keys. Every pair is checked before it leaves: the private key is loaded again from the bytes that will be stored,
/// must have the same public key, and must undo what the public key did (FIPS 203, 7.1 and FIPS 204, 3.1 advise pairwise checks).
/// </summary>
public class KeyMaterialFactory(PqcEngine engine)
{
    private const int MLKemSeedSize = 64;
    private const int MLDsaSeedSize = 32;
    private const int AesKeySize = 32;

    /// <summary>A checked key.</summary>
    /// <exception cref="CryptographicException">The pair failed its check; nothing of it may be used.</exception>
    public virtual NewKeyMaterial Create(KeyAlgorithm algorithm, KeyUse use)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        return algorithm.Family switch
        {
            KeyAlgorithmFamily.MLKem => CreateMLKem(PqcAlgorithms.MLKem(algorithm)),
            KeyAlgorithmFamily.MLDsa => CreateMLDsa(PqcAlgorithms.MLDsa(algorithm)),
            KeyAlgorithmFamily.Rsa => CreateRsa(algorithm.ModulusBits!.Value, use),
            KeyAlgorithmFamily.Aes => new NewKeyMaterial([], SecretBytes.Random(AesKeySize), MaterialFormat.RawKey),
            _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
        };
    }

    private NewKeyMaterial CreateMLKem(MLKemAlgorithm algorithm)
    {
        using MLKem generated = engine.GenerateMLKem(algorithm);
        SecretBytes seed = SecretBytes.Allocate(MLKemSeedSize, out Span<byte> destination);
        try
        {
            generated.ExportPrivateSeed(destination);
            byte[] publicKey = generated.ExportEncapsulationKey();
            using MLKem stored = engine.ImportMLKemPrivateSeed(algorithm, seed.Span);
            generated.Encapsulate(out byte[] ciphertext, out byte[] sent);
            byte[] received = stored.Decapsulate(ciphertext);
            bool agree = CryptographicOperations.FixedTimeEquals(sent, received);
            CryptographicOperations.ZeroMemory(sent);
            CryptographicOperations.ZeroMemory(received);
            Check(agree && stored.ExportEncapsulationKey().AsSpan().SequenceEqual(publicKey), algorithm.Name);
            return new NewKeyMaterial(publicKey, seed, MaterialFormat.MLKemSeed);
        }
        catch
        {
            seed.Dispose();
            throw;
        }
    }

    private NewKeyMaterial CreateMLDsa(MLDsaAlgorithm algorithm)
    {
        using MLDsa generated = engine.GenerateMLDsa(algorithm);
        SecretBytes seed = SecretBytes.Allocate(MLDsaSeedSize, out Span<byte> destination);
        try
        {
            generated.ExportMLDsaPrivateSeed(destination);
            byte[] publicKey = generated.ExportMLDsaPublicKey();
            using MLDsa stored = engine.ImportMLDsaPrivateSeed(algorithm, seed.Span);
            byte[] signature = new byte[algorithm.SignatureSizeInBytes];
            stored.SignData(publicKey.AsSpan(), signature.AsSpan(), default);
            bool valid = generated.VerifyData(publicKey.AsSpan(), signature.AsSpan(), default);
            Check(valid && stored.ExportMLDsaPublicKey().AsSpan().SequenceEqual(publicKey), algorithm.Name);
            return new NewKeyMaterial(publicKey, seed, MaterialFormat.MLDsaSeed);
        }
        catch
        {
            seed.Dispose();
            throw;
        }
    }

    private static NewKeyMaterial CreateRsa(int modulusBits, KeyUse use)
    {
        using RSA generated = RSA.Create(modulusBits);
        byte[] publicKey = generated.ExportSubjectPublicKeyInfo();
        SecretBytes privateKey = ExportPkcs8(generated);
        try
        {
            using RSA stored = RSA.Create();
            stored.ImportPkcs8PrivateKey(privateKey.Span, out _);
            bool works = use == KeyUse.Encryption ? Decrypts(generated, stored) : Verifies(generated, stored);
            Check(works && stored.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(publicKey), $"RSA-{modulusBits}");
            return new NewKeyMaterial(publicKey, privateKey, MaterialFormat.Pkcs8);
        }
        catch
        {
            privateKey.Dispose();
            throw;
        }
    }

    private static SecretBytes ExportPkcs8(RSA key)
    {
        // n and d of full length, p, q, dp, dq and qInv of half the length (RFC 8017, A.1.2), and less than 128 bytes of structure around them.
        Span<byte> buffer = stackalloc byte[128 + (5 * (key.KeySize >> 3))];
        try
        {
            return key.TryExportPkcs8PrivateKey(buffer, out int written)
                ? SecretBytes.CopyOf(buffer[..written])
                : throw new CryptographicException("The platform's PKCS #8 export is longer than it can be.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private static bool Decrypts(RSA generated, RSA stored)
    {
        ReadOnlySpan<byte> probe = "qkms pairwise check"u8;
        byte[] ciphertext = generated.Encrypt(probe, RSAEncryptionPadding.OaepSHA256);
        return stored.Decrypt(ciphertext, RSAEncryptionPadding.OaepSHA256).AsSpan().SequenceEqual(probe);
    }

    private static bool Verifies(RSA generated, RSA stored)
    {
        ReadOnlySpan<byte> probe = "qkms pairwise check"u8;
        byte[] signature = stored.SignData(probe, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        return generated.VerifyData(probe, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
    }

    private static void Check(bool holds, string algorithm)
    {
        if (!holds)
            throw new CryptographicException($"A fresh {algorithm} key failed its pairwise check.");
    }
}
