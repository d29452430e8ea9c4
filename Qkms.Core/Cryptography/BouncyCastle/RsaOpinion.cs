using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;

namespace Qkms.Core.Cryptography.BouncyCastle;

/// <summary>
/// BouncyCastle's opinion on a new RSA key of the platform: its numbers belong together (NIST SP 800-56B Rev. 2, section
/// 6.4.1.2.3, rsakpv1-crt; FIPS 186-5, appendix A.1.1), its factors are prime, and a signature or a ciphertext passes from one
/// implementation to the other.
/// </summary>
/// <remarks>
/// The numbers are examined once, before anybody else knows of the key; BouncyCastle's arithmetic takes a time that depends on them. Those
/// that are made here are zeroed; what the arithmetic drops on its way stays until the garbage collector reuses the memory.
/// </remarks>
internal static class RsaOpinion
{
    private const int SmallestExponent = 65537;

    // FIPS 186-5, appendix A.1.1: |p − q| > 2^(nlen/2 − 100).
    private const int PrimesApart = 100;

    // Rounds of Miller-Rabin with random bases (FIPS 186-5, appendix B.3.1) beside those of the platform, which found the factors: a fault
    // is looked for, not an adversary. A composite passes both with a chance of at most 1/16, a random one with far less than 2^-40.
    private const int PrimalityRounds = 2;

    private static ReadOnlySpan<byte> Probe => "qkms second opinion"u8;

    /// <summary>Examines a key.</summary>
    /// <param name="key">The key, loaded from the bytes that will be stored.</param>
    /// <param name="encrypts">Whether it is to encrypt; otherwise it is to sign.</param>
    /// <exception cref="EngineFaultException">BouncyCastle does not agree: nothing of the key may be used.</exception>
    internal static void Confirm(RSA key, bool encrypts)
    {
        RSAParameters numbers = key.ExportParameters(includePrivateParameters: true);
        try
        {
            Require(key.KeySize == 8 * numbers.Modulus!.Length, key, "the length of a key");

            // Validates the modulus: odd, without small factors, and composite.
            RsaKeyParameters publicKey = new(isPrivate: false, Integer(numbers.Modulus), Integer(numbers.Exponent!));
            Require(BelongTogether(numbers, publicKey.Modulus, publicKey.Exponent), key, "the numbers of a key");
            Require(encrypts ? Decrypts(key, publicKey) : Signs(key, publicKey), key, encrypts ? "a ciphertext" : "a signature");
        }
        catch (Exception e) when (e is not EngineFaultException)
        {
            throw new EngineFaultException($"RSA-{key.KeySize} by the platform, which BouncyCastle refuses", e);
        }
        finally
        {
            foreach (byte[]? secret in new[] { numbers.D, numbers.P, numbers.Q, numbers.DP, numbers.DQ, numbers.InverseQ })
                Erase.Memory(secret.AsSpan());
        }
    }

    private static bool BelongTogether(RSAParameters numbers, BigInteger n, BigInteger e)
    {
        BigInteger[] secrets =
        [
            Integer(numbers.D!), Integer(numbers.P!), Integer(numbers.Q!), Integer(numbers.DP!), Integer(numbers.DQ!),
            Integer(numbers.InverseQ!)
        ];
        (BigInteger d, BigInteger p, BigInteger q, BigInteger dP, BigInteger dQ, BigInteger qInv) =
            (secrets[0], secrets[1], secrets[2], secrets[3], secrets[4], secrets[5]);
        BigInteger p1 = p.Subtract(BigInteger.One);
        BigInteger q1 = q.Subtract(BigInteger.One);
        try
        {
            int half = n.BitLength >> 1;
            return e.TestBit(0) && e.CompareTo(BigInteger.ValueOf(SmallestExponent)) >= 0
                && p.Multiply(q).Equals(n)
                && p.Subtract(q).Abs().BitLength > half - PrimesApart
                && d.BitLength > half && d.CompareTo(n) < 0
                && e.Multiply(d).Mod(p1).Equals(BigInteger.One) && e.Multiply(d).Mod(q1).Equals(BigInteger.One)
                && d.Mod(p1).Equals(dP) && d.Mod(q1).Equals(dQ)
                && qInv.CompareTo(p) < 0 && qInv.Multiply(q).Mod(p).Equals(BigInteger.One)
                && IsPrime(p) && IsPrime(q);
        }
        finally
        {
            foreach (BigInteger secret in (BigInteger[])[.. secrets, p1, q1])
                PrivateArrays.Erase(secret);
        }
    }

    private static bool Decrypts(RSA key, RsaKeyParameters publicKey)
    {
        var encryption = new OaepEncoding(new RsaEngine(), new Sha256Digest());
        encryption.Init(forEncryption: true, new ParametersWithRandom(publicKey, SystemRandom.Instance));
        byte[] ciphertext = encryption.ProcessBlock(Probe.ToArray(), 0, Probe.Length);
        return key.Decrypt(ciphertext, RSAEncryptionPadding.OaepSHA256).AsSpan().SequenceEqual(Probe);
    }

    private static bool Signs(RSA key, RsaKeyParameters publicKey)
    {
        byte[] signature = key.SignData(Probe, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        var verification = new PssSigner(new RsaEngine(), new Sha256Digest(), SHA256.HashSizeInBytes);
        verification.Init(forSigning: false, publicKey);
        verification.BlockUpdate(Probe);
        return verification.VerifySignature(signature);
    }

    private static bool IsPrime(BigInteger factor) => Primes.IsMRProbablePrime(factor, SystemRandom.Instance, PrimalityRounds);

    private static BigInteger Integer(byte[] bigEndian) => new(1, bigEndian);

    private static void Require(bool agree, RSA key, string on)
    {
        if (!agree)
            throw new EngineFaultException($"RSA-{key.KeySize} by the platform and BouncyCastle, which do not agree on {on}");
    }
}
