using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;

namespace Qkms.Core.Cryptography.BouncyCastle;

/// <summary>
/// BouncyCastle's opinion on a new ECDSA key of the platform: the public key is a point of the right curve (SP 800-56A Rev. 3, section
/// 5.6.2.3.3), and a signature by the private key verifies with it. The private key stays with the platform.
/// </summary>
internal static class EcdsaOpinion
{
    private static ReadOnlySpan<byte> Probe => "qkms second opinion"u8;

    /// <summary>Examines a key.</summary>
    /// <param name="key">The key, loaded from the bytes that will be stored.</param>
    /// <param name="publicKey">Its SubjectPublicKeyInfo.</param>
    /// <param name="algorithm">Its name, for the fault.</param>
    /// <exception cref="EngineFaultException">BouncyCastle does not agree: nothing of the key may be used.</exception>
    internal static void Confirm(ECDsa key, byte[] publicKey, string algorithm)
    {
        byte[] hash = SHA256.HashData(Probe);
        byte[] signature = key.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence);
        bool agrees;
        try
        {
            agrees = Verifies(publicKey, key.KeySize, hash, signature);
        }
        catch (Exception e)
        {
            throw new EngineFaultException($"{algorithm} by the platform, which BouncyCastle refuses", e);
        }

        if (!agrees)
            throw new EngineFaultException($"{algorithm} by the platform and BouncyCastle, which do not agree on a signature");
    }

    private static bool Verifies(byte[] publicKey, int bits, byte[] hash, byte[] signature)
    {
        // Decoding the point validates that it lies on the curve that the key names.
        var point = (ECPublicKeyParameters)PublicKeyFactory.CreateKey(publicKey);
        DerObjectIdentifier curve = SecNamedCurves.GetOid($"secp{bits}r1");
        ECDsaSigner verification = new();
        verification.Init(forSigning: false, point);
        var numbers = (Asn1Sequence)Asn1Object.FromByteArray(signature);
        return curve.Equals(point.PublicKeyParamSet)
            && verification.VerifySignature(hash, Number(numbers[0]), Number(numbers[1]));
    }

    private static BigInteger Number(Asn1Encodable element) => DerInteger.GetInstance(element).PositiveValue;
}
