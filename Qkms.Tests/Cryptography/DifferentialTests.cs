namespace Qkms.Tests.Cryptography;

/// <summary>
/// The managed engine against BouncyCastle, which shares no line with it, on fresh seeds: the same keys, secrets and verdicts, also on what
/// was damaged. A few seeds of each set, with <c>QKMS_MANY_RUNS=1</c> 20,000; the gate runs it on each path that the machine has. Other
/// pairs of engines, and all forms of a key, are for <see cref="EngineAgreementTests"/>.
/// </summary>
public sealed class DifferentialTests
{
    private static readonly int _seeds = LongTests.Choose(usual: 30, large: 20_000);

    private static readonly PqcEngine _managed = PqcEngines.OfThisAssembly;
    private static readonly PqcEngine _bouncyCastle = PqcEngines.StrictBouncyCastle;

    // A ciphertext that is not rejected is the one that its receiver makes again of the same message (FIPS 203, algorithm 18).
    [Theory]
    [InlineData("ML-KEM-512")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-KEM-1024")]
    public void MLKem_keys_secrets_and_rejections_are_the_same(string set)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(set);
        for (int i = 0; i < _seeds; i++)
        {
            byte[] seed = RandomNumberGenerator.GetBytes(64);
            using MLKem managed = _managed.ImportMLKemPrivateSeed(algorithm, seed);
            using MLKem other = _bouncyCastle.ImportMLKemPrivateSeed(algorithm, seed);
            ShouldBeSame(managed.ExportEncapsulationKey(), other.ExportEncapsulationKey(), seed);
            ShouldBeSame(managed.ExportDecapsulationKey(), other.ExportDecapsulationKey(), seed);

            managed.Encapsulate(out byte[] ciphertext, out byte[] secret);
            ShouldBeSame(other.Decapsulate(ciphertext), secret, seed);
            other.Encapsulate(out ciphertext, out secret);
            ShouldBeSame(managed.Decapsulate(ciphertext), secret, seed);

            Damage(ciphertext);
            byte[] rejected = managed.Decapsulate(ciphertext);
            ShouldBeSame(other.Decapsulate(ciphertext), rejected, seed);
            if (rejected.AsSpan().SequenceEqual(secret))
                Fail("A damaged ciphertext gives the secret", seed);
        }
    }

    [Theory]
    [InlineData("ML-DSA-44")]
    [InlineData("ML-DSA-65")]
    [InlineData("ML-DSA-87")]
    public void MLDsa_keys_and_verdicts_are_the_same(string set)
    {
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(set);
        for (int i = 0; i < _seeds; i++)
        {
            byte[] seed = RandomNumberGenerator.GetBytes(32);
            byte[] message = RandomNumberGenerator.GetBytes(i % 300);
            byte[] context = RandomNumberGenerator.GetBytes(i % 256);
            using MLDsa managed = _managed.ImportMLDsaPrivateSeed(algorithm, seed);
            using MLDsa other = _bouncyCastle.ImportMLDsaPrivateSeed(algorithm, seed);
            ShouldBeSame(managed.ExportMLDsaPublicKey(), other.ExportMLDsaPublicKey(), seed);
            ShouldBeSame(managed.ExportMLDsaPrivateKey(), other.ExportMLDsaPrivateKey(), seed);

            byte[] signature = managed.SignData(message, context);
            if (!other.VerifyData(message, signature, context))
                Fail("BouncyCastle refuses a signature of the managed engine", seed);

            signature = other.SignData(message, context);
            if (!managed.VerifyData(message, signature, context))
                Fail("The managed engine refuses a signature of BouncyCastle", seed);

            Damage(signature);
            if (managed.VerifyData(message, signature, context) || other.VerifyData(message, signature, context))
                Fail("A damaged signature is valid", seed);
        }
    }

    // Anywhere: what a byte stands for, and the checks that it meets, differ from place to place.
    private static void Damage(byte[] bytes) =>
        bytes[RandomNumberGenerator.GetInt32(bytes.Length)] ^= (byte)RandomNumberGenerator.GetInt32(1, 256);

    private static void ShouldBeSame(byte[] one, byte[] other, byte[] seed)
    {
        if (!one.AsSpan().SequenceEqual(other))
            Fail("The engines do not agree", seed);
    }

    private static void Fail(string what, byte[] seed) => Assert.Fail($"{what}; seed {Convert.ToHexStringLower(seed)}.");
}
