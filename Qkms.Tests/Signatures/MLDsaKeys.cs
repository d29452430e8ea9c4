namespace Qkms.Tests.Signatures;

/// <summary>FIPS 204 by hand, as far as signatures of hashes need it.</summary>
internal static class MLDsaKeys
{
    public static MLDsaAlgorithm ParametersOf(string algorithm) => algorithm switch
    {
        "ML-DSA-44" => MLDsaAlgorithm.MLDsa44,
        "ML-DSA-65" => MLDsaAlgorithm.MLDsa65,
        "ML-DSA-87" => MLDsaAlgorithm.MLDsa87,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>μ of a message (FIPS 204, Algorithm 2, line 10, and Algorithm 7, line 6), with the platform's SHAKE256.</summary>
    public static byte[] Mu(byte[] publicKey, byte[] context, byte[] message)
    {
        byte[] tr = Shake256.HashData(publicKey, 64);
        return Shake256.HashData((byte[])[.. tr, 0, (byte)context.Length, .. context, .. message], 64);
    }

    /// <summary>μ of HashML-DSA (FIPS 204, Algorithm 5, line 18, and Algorithm 8, lines 6 and 7), with the platform's SHAKE256.</summary>
    public static byte[] PreHashMu(byte[] publicKey, byte[] context, string hashAlgorithm, byte[] hash)
    {
        byte last = hashAlgorithm switch
        {
            "SHA-256" => 1,
            "SHA-384" => 2,
            "SHA-512" => 3,
            _ => throw new ArgumentOutOfRangeException(nameof(hashAlgorithm))
        };
        byte[] oid = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last];
        byte[] tr = Shake256.HashData(publicKey, 64);
        return Shake256.HashData((byte[])[.. tr, 1, (byte)context.Length, .. context, .. oid, .. hash], 64);
    }
}
