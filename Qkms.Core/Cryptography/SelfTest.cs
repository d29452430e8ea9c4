using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;
using Qkms.Core.Cryptography.Fips202;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Core.Cryptography;

/// <summary>
/// One known answer per algorithm, run when the service starts: a build, a runtime or a machine that computes wrongly must not touch a key.
/// </summary>
/// <remarks>
/// The inputs are counted bytes, and of the answers only digests are kept. Ciphertexts and signatures are made by the deterministic entries
/// of the managed engine, which the digests hold to the standard, and opened and verified by the engine under test. The constants were
/// computed with this code when it passed all vectors of NIST, and those of ML-KEM with an independent implementation as well.
/// </remarks>
public static class SelfTest
{
    private static readonly byte[] _counted = [.. Enumerable.Range(0, 96).Select(i => (byte)i)];

    /// <summary>
    /// Runs all known answers: a few milliseconds, and at the first run the time to compile the code that the service needs anyway.
    /// </summary>
    /// <param name="engine">The engine that the service is going to use.</param>
    /// <exception cref="ArgumentNullException"><paramref name="engine"/> is null.</exception>
    /// <exception cref="EngineFaultException">An answer is wrong; the message names the algorithm.</exception>
    public static void Run(PqcEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);

        CheckFips202();
        CheckMLKem(engine, MLKemAlgorithm.MLKem512, "6eb44bfd995ddf2e7564397e747bf8e2516455c75f15d4b97fbe86d43fa32f5a");
        CheckMLKem(engine, MLKemAlgorithm.MLKem768, "0861ff082dfe7242696c280d489dc8793ba5f313ec9daaac84f8be72d8cae9dd");
        CheckMLKem(engine, MLKemAlgorithm.MLKem1024, "747bb109b041db9c07904ae5e7d010e9d87f525cc1de86e361ddaa4a02c191ac");
        CheckMLDsa(engine, MLDsaAlgorithm.MLDsa44, "d04ccfb3032c4d29193a70be4a97c6a04ca4a318d85e1490557ea1469d198d7a");
        CheckMLDsa(engine, MLDsaAlgorithm.MLDsa65, "d9601097795aae0352deef5a8a2cd6cb683fdbc229774c75163cc5b4a0e02373");
        CheckMLDsa(engine, MLDsaAlgorithm.MLDsa87, "7c1450e3c5b5f95293c6f90cfd244c136a925581f30cb8e231f9dd19b0cfa5ac");
        CheckEd25519();
        CheckEcdsa();
        CheckHmac();
    }

    /// <summary>The NIST answers for "abc" (SHA-3) and for the empty message (SHAKE).</summary>
    private static void CheckFips202()
    {
        Span<byte> output = stackalloc byte[64];
        Sponge.Sha3_256("abc"u8, [], output);
        Require(output[..32], "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532", "SHA3-256");
        Sponge.Sha3_512("abc"u8, [], output);
        Require(
            output,
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
            "SHA3-512");

        var shake128 = Sponge.NewShake128();
        shake128.Squeeze(output[..32]);
        Require(output[..32], "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26", "SHAKE128");
        Sponge.Shake256([], [], output[..32]);
        Require(output[..32], "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f", "SHAKE256");
    }

    /// <summary>
    /// SHA-256 of encapsulation key, ciphertext, its secret, and the secret of the same ciphertext with one bit
    /// changed (implicit rejection).
    /// </summary>
    private static void CheckMLKem(PqcEngine engine, MLKemAlgorithm algorithm, string expected)
    {
        string name = $"{algorithm.Name} by the engine '{engine.Name}'";
        using MLKem key = engine.ImportMLKemPrivateSeed(algorithm, _counted.AsSpan(0, 64));
        byte[] encapsulationKey = key.ExportEncapsulationKey();

        byte[] ciphertext = new byte[algorithm.CiphertextSizeInBytes];
        byte[] secret = new byte[algorithm.SharedSecretSizeInBytes];
        using (var sender = MLKemManaged.ImportEncapsulationKey(algorithm, encapsulationKey))
            sender.EncapsulateDeterministicForTesting(_counted.AsSpan(64, 32), ciphertext, secret);

        using var answers = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        answers.AppendData(encapsulationKey);
        answers.AppendData(ciphertext);
        answers.AppendData(key.Decapsulate(ciphertext));
        ciphertext[0] ^= 1;
        answers.AppendData(key.Decapsulate(ciphertext));
        Require(answers.GetHashAndReset(), expected, name);

        // Encapsulation draws its own random numbers: no known answer, but both sides must agree.
        using MLKem peer = engine.ImportMLKemEncapsulationKey(algorithm, encapsulationKey);
        peer.Encapsulate(ciphertext, secret);
        if (!CryptographicOperations.FixedTimeEquals(key.Decapsulate(ciphertext), secret))
            throw Failed(name);
    }

    /// <summary>
    /// SHA-256 of the public key and of a deterministic signature, which the engine must accept, and refuse with one bit changed.
    /// </summary>
    private static void CheckMLDsa(PqcEngine engine, MLDsaAlgorithm algorithm, string expected)
    {
        string name = $"{algorithm.Name} by the engine '{engine.Name}'";
        ReadOnlySpan<byte> seed = _counted.AsSpan(0, 32);
        ReadOnlySpan<byte> message = _counted.AsSpan(32, 32);
        ReadOnlySpan<byte> context = _counted.AsSpan(64, 8);
        using MLDsa key = engine.ImportMLDsaPrivateSeed(algorithm, seed);
        byte[] publicKey = key.ExportMLDsaPublicKey();

        byte[] signature = new byte[algorithm.SignatureSizeInBytes];
        using (var signer = MLDsaManaged.ImportMLDsaPrivateSeed(algorithm, seed))
        {
            Span<byte> mu = stackalloc byte[64];
            signer.ComputeMu(message, context, mu);
            signer.SignMuDeterministicForTesting(mu, new byte[32], signature);
        }

        using var answers = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        answers.AppendData(publicKey);
        answers.AppendData(signature);
        Require(answers.GetHashAndReset(), expected, name);

        using MLDsa verifier = engine.ImportMLDsaPublicKey(algorithm, publicKey);
        bool accepted = verifier.VerifyData(message, signature, context);
        signature[^1] ^= 1;
        bool acceptedChanged = verifier.VerifyData(message, signature, context);

        // The engine's own signatures are hedged: no known answer, but they must verify.
        key.SignData(message, signature, context);
        if (!accepted || acceptedChanged || !verifier.VerifyData(message, signature, context))
            throw Failed(name);
    }

    /// <summary>RFC 8032, section 7.1, test 2, by BouncyCastle, which is used whatever the engine.</summary>
    private static void CheckEd25519()
    {
        byte[] seed = Convert.FromHexString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        byte[] publicKey = new byte[Ed25519.PublicKeySize];
        byte[] signature = new byte[Ed25519.SignatureSize];
        Ed25519.GeneratePublicKey(seed, publicKey);
        Ed25519.Sign(seed, "r"u8, signature);
        Require(
            signature,
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            "Ed25519");
        if (!Ed25519.Verify(signature, publicKey, "r"u8) || Ed25519.Verify(signature, publicKey, "s"u8))
            throw Failed("Ed25519");
    }

    /// <summary>RFC 6979, appendices A.2.5 to A.2.7, "sample" with the hash of each curve, by the platform, whatever the engine.</summary>
    private static void CheckEcdsa()
    {
        CheckEcdsa(
            "3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
            HashAlgorithmName.SHA256,
            "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022100f7cb1c942d657c41d436c7a1b6e29f65f3e900db"
                + "b9aff4064dc4ab2f843acda8",
            "EC-P256");
        CheckEcdsa(
            "3076301006072a8648ce3d020106052b8104002203620004ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea"
                + "9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd25"
                + "33264720",
            HashAlgorithmName.SHA384,
            "306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe4602310099ef4aeb"
                + "15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
            "EC-P384");
        CheckEcdsa(
            "30819b301006072a8648ce3d020106052b81040023038186000401894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd3711"
                + "23d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a400493101c962cd4d2fddf782285e64584139c2f91b47f87f"
                + "f82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5",
            HashAlgorithmName.SHA512,
            "308187024200c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455c"
                + "c91f9b15bf05ec36e377fa0241617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8"
                + "c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a",
            "EC-P521");
    }

    private static void CheckEcdsa(string publicKey, HashAlgorithmName hash, string signature, string name)
    {
        const DSASignatureFormat Der = DSASignatureFormat.Rfc3279DerSequence;
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(Convert.FromHexString(publicKey), out _);
        byte[] made = Convert.FromHexString(signature);
        if (!key.VerifyData("sample"u8, made, hash, Der) || key.VerifyData("sampl"u8, made, hash, Der))
            throw Failed(name);
    }

    /// <summary>RFC 4231, section 4.3, by the platform, whatever the engine.</summary>
    private static void CheckHmac()
    {
        CheckHmac(HashAlgorithmName.SHA256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "HMAC-256");
        CheckHmac(
            HashAlgorithmName.SHA384,
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            "HMAC-384");
        CheckHmac(
            HashAlgorithmName.SHA512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a"
                + "38bce737",
            "HMAC-512");
    }

    private static void CheckHmac(HashAlgorithmName hash, string expected, string name) =>
        Require(CryptographicOperations.HmacData(hash, "Jefe"u8, "what do ya want for nothing?"u8), expected, name);

    private static void Require(ReadOnlySpan<byte> answer, string expected, string name)
    {
        if (!CryptographicOperations.FixedTimeEquals(answer, Convert.FromHexString(expected)))
            throw Failed(name);
    }

    private static EngineFaultException Failed(string name) => new($"the self-test of {name} failed");
}
