using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Cryptography.BouncyCastle;
using Qkms.Core.Keys;
using Qkms.Core.Secrets;

namespace Qkms.Core.Lifecycle;

/// <summary>Makes keys. Every pair is confirmed by a second implementation, from the bytes that will be stored, before it leaves (<see cref="SecondOpinion"/>, <see cref="RsaOpinion"/>).</summary>
public class KeyMaterialFactory(SecondOpinion opinion)
{
    private const int MLKemSeedSize = 64;
    private const int MLDsaSeedSize = 32;
    private const int AesKeySize = 32;

    /// <summary>A confirmed key.</summary>
    /// <exception cref="EngineFaultException">The implementations do not agree on it; nothing of it may be used.</exception>
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
        using MLKem generated = opinion.InUse.GenerateMLKem(algorithm);
        SecretBytes seed = SecretBytes.Allocate(MLKemSeedSize, out Span<byte> destination);
        try
        {
            generated.ExportPrivateSeed(destination);
            return new NewKeyMaterial(opinion.Confirm(generated, seed.Span), seed, MaterialFormat.MLKemSeed);
        }
        catch
        {
            seed.Dispose();
            throw;
        }
    }

    private NewKeyMaterial CreateMLDsa(MLDsaAlgorithm algorithm)
    {
        using MLDsa generated = opinion.InUse.GenerateMLDsa(algorithm);
        SecretBytes seed = SecretBytes.Allocate(MLDsaSeedSize, out Span<byte> destination);
        try
        {
            generated.ExportMLDsaPrivateSeed(destination);
            return new NewKeyMaterial(opinion.Confirm(generated, seed.Span), seed, MaterialFormat.MLDsaSeed);
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
            if (!stored.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(publicKey))
                throw new EngineFaultException($"RSA-{modulusBits} by the platform, which loads another key than it stored");

            RsaOpinion.Confirm(stored, encrypts: use == KeyUse.Encryption);
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
}
