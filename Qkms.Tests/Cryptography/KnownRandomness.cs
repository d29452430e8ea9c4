// One class of BouncyCastle that takes a formatted message is marked obsolete; the engine uses it too (FormattedMessageSigner).
#pragma warning disable CS0618

using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Pqc.Crypto.Crystals.Dilithium;
using Org.BouncyCastle.Security;
using Qkms.Core.Cryptography.BouncyCastle;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// Encapsulation and signing with randomness that is given, for known answers: by the entries for testing of the managed engine, and by the
/// classes that the BouncyCastle engine calls, which take any source. The platform takes none, and gives null.
/// </summary>
internal static class KnownRandomness
{
    /// <summary>FIPS 203, Algorithm 17.</summary>
    internal static (byte[] Ciphertext, byte[] Secret)? Encapsulate(MLKem key, byte[] message)
    {
        byte[] ciphertext = new byte[key.Algorithm.CiphertextSizeInBytes];
        byte[] secret = new byte[key.Algorithm.SharedSecretSizeInBytes];
        switch (key)
        {
            case MLKemManaged managed:
                managed.EncapsulateDeterministicForTesting(message, ciphertext, secret);
                return (ciphertext, secret);
            case MLKemBouncyCastle:
                var publicKey = MLKemPublicKeyParameters.FromEncoding(ParametersOf(key.Algorithm), key.ExportEncapsulationKey());
                var encapsulator = new MLKemEncapsulator(publicKey.Parameters);
                encapsulator.Init(new ParametersWithRandom(publicKey, Once(message)));
                encapsulator.Encapsulate(ciphertext, secret);
                return (ciphertext, secret);
            default:
                return null;
        }
    }

    /// <summary>FIPS 204, Algorithm 2.</summary>
    internal static byte[]? Sign(MLDsa key, byte[] message, byte[] context, byte[] randomness)
    {
        switch (key)
        {
            case MLDsaManaged managed:
                byte[] mu = new byte[64];
                managed.ComputeMu(message, context, mu);
                return SignMu(managed, mu, randomness);
            case MLDsaBouncyCastle:
                var privateKey = MLDsaPrivateKeyParameters.FromEncoding(ParametersOf(key.Algorithm), key.ExportMLDsaPrivateKey());
                var signer = new MLDsaSigner(privateKey.Parameters, deterministic: false);
                signer.Init(forSigning: true, new ParametersWithContext(new ParametersWithRandom(privateKey, Once(randomness)), context));
                signer.BlockUpdate(message);
                return signer.GenerateSignature();
            default:
                return null;
        }
    }

    /// <summary>FIPS 204, Algorithm 7: the message is M' already.</summary>
    internal static byte[]? SignFormatted(MLDsa key, byte[] formatted, byte[] randomness)
    {
        switch (key)
        {
            case MLDsaManaged managed:
                byte[] mu = new byte[64];
                managed.ComputeFormattedMuForTesting(formatted, mu);
                return SignMu(managed, mu, randomness);
            case MLDsaBouncyCastle:
                var signer = new DilithiumSigner();
                var privateKey = new DilithiumPrivateKeyParameters(DilithiumOf(key.Algorithm), key.ExportMLDsaPrivateKey(), pubKey: null);
                signer.Init(forSigning: true, new ParametersWithRandom(privateKey, Once(randomness)));
                return signer.GenerateSignature(formatted);
            default:
                return null;
        }
    }

    /// <summary>
    /// FIPS 204, Algorithm 7, with an external μ. BouncyCastle has no public entry for it, and the engine leaves it to the managed one.
    /// </summary>
    internal static byte[]? SignMu(MLDsa key, byte[] mu, byte[] randomness)
    {
        if (key is not MLDsaManaged managed)
            return null;
        byte[] signature = new byte[key.Algorithm.SignatureSizeInBytes];
        managed.SignMuDeterministicForTesting(mu, randomness, signature);
        return signature;
    }

    /// <summary>FIPS 204, Algorithm 8: the message is M' already.</summary>
    internal static bool VerifyFormatted(MLDsa key, byte[] formatted, byte[] signature)
    {
        byte[] publicKey = key.ExportMLDsaPublicKey();
        return key is MLDsaBouncyCastle
            ? FormattedMessageSigner.Verify(
                MLDsaPublicKeyParameters.FromEncoding(ParametersOf(key.Algorithm), publicKey), formatted, signature)
            : key.VerifyMu(ExternalMu.OfFormatted(publicKey, formatted), signature);
    }

    private static MLKemParameters ParametersOf(MLKemAlgorithm algorithm)
    {
        if (algorithm == MLKemAlgorithm.MLKem512)
            return MLKemParameters.ml_kem_512;
        return algorithm == MLKemAlgorithm.MLKem768 ? MLKemParameters.ml_kem_768 : MLKemParameters.ml_kem_1024;
    }

    private static MLDsaParameters ParametersOf(MLDsaAlgorithm algorithm)
    {
        if (algorithm == MLDsaAlgorithm.MLDsa44)
            return MLDsaParameters.ml_dsa_44;
        return algorithm == MLDsaAlgorithm.MLDsa65 ? MLDsaParameters.ml_dsa_65 : MLDsaParameters.ml_dsa_87;
    }

    private static DilithiumParameters DilithiumOf(MLDsaAlgorithm algorithm)
    {
        if (algorithm == MLDsaAlgorithm.MLDsa44)
            return DilithiumParameters.Dilithium2;
        return algorithm == MLDsaAlgorithm.MLDsa65 ? DilithiumParameters.Dilithium3 : DilithiumParameters.Dilithium5;
    }

    private static SecureRandom Once(byte[] bytes) => new(new OnceGenerator(bytes));

    /// <summary>Gives these bytes, all of them, once.</summary>
    private sealed class OnceGenerator(byte[] bytes) : IRandomGenerator
    {
        private byte[]? _bytes = bytes;

        public void AddSeedMaterial(byte[] seed)
        {
        }

        public void AddSeedMaterial(ReadOnlySpan<byte> seed)
        {
        }

        public void AddSeedMaterial(long seed)
        {
        }

        public void NextBytes(byte[] bytes) => NextBytes(bytes.AsSpan());

        public void NextBytes(byte[] bytes, int start, int len) => NextBytes(bytes.AsSpan(start, len));

        public void NextBytes(Span<byte> bytes)
        {
            if (_bytes?.Length != bytes.Length)
                throw new InvalidOperationException($"{bytes.Length} bytes are drawn where the vector gives {_bytes?.Length ?? 0}.");
            _bytes.CopyTo(bytes);
            _bytes = null;
        }
    }
}
