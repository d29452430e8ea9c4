using Qkms.Core.Cryptography.Fips202;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;
using ParameterSet = Qkms.Core.Cryptography.Fips203.ParameterSet;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// Digests over many runs (C2SP/CCTV, "accumulated" vectors): the inputs come from one SHAKE128, the outputs go to another, and 32
/// bytes stand for all of them.
/// </summary>
public sealed class AccumulatedTests
{
    /// <remarks>
    /// The published digests are of the draft of FIPS 203, which derived (ρ, σ) as G(d); the final standard appends k. The keys are made
    /// from the draft's ρ and σ, so that everything after that one line is held to ten thousand runs of the reference implementation.
    /// </remarks>
    [Theory]
    [InlineData("ML-KEM-512", "845913ea5a308b803c764a9ed8e9d814ca1fd9c82ba43c7b1e64b79c7a6ec8e4")]
    [InlineData("ML-KEM-768", "f7db260e1137a742e05fe0db9525012812b004d29040a5b606aad3d134b548d3")]
    [InlineData("ML-KEM-1024", "47ac888fe61544efc0518f46094b4f8a600965fc89822acb06dc7169d24f3543")]
    public void MLKem_ten_thousand_runs_with_the_key_derivation_of_the_draft(string name, string digest) =>
        MLKemDigest(name, 10_000, draft: true).Should().Be(digest);

    /// <remarks>
    /// The final standard, without dk among the outputs, as an independent implementation gives them (Vectors/README.md).
    /// </remarks>
    [Theory]
    [InlineData("ML-KEM-512")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-KEM-1024")]
    public void MLKem_ten_thousand_runs(string name)
    {
        JsonElement accumulated = KnownAnswers.ReadAccumulated();
        MLKemDigest(name, accumulated.GetProperty("runs").GetInt32(), draft: false)
            .Should().Be(accumulated.GetProperty("digests").GetProperty(name).GetString());
    }

    [Theory]
    [InlineData("ML-DSA-44", "d51148e1f9f4fa1a723a6cf42e25f2a99eb5c1b378b3d2dbbd561b1203beeae4")]
    [InlineData("ML-DSA-65", "8358a1843220194417cadbc2651295cd8fc65125b5a5c1a239a16dc8b57ca199")]
    [InlineData("ML-DSA-87", "8c3ad714777622b8f21ce31bb35f71394f23bc0fcf3c78ace5d608990f3b061b")]
    public void MLDsa_one_hundred_runs(string name, string digest) => MLDsaDigest(name, 100).Should().Be(digest);

    [TheoryIf(Requirement.LongTests)]
    [InlineData("ML-DSA-44", "e7fd21f6a59bcba60d65adc44404bb29a7c00e5d8d3ec06a732c00a306a7d143")]
    [InlineData("ML-DSA-65", "5ff5e196f0b830c3b10a9eb5358e7c98a3a20136cb677f3ae3b90175c3ace329")]
    [InlineData("ML-DSA-87", "80a8cf39317f7d0be0e24972c51ac152bd2a3e09bc0c32ce29dd82c4e7385e60")]
    public void MLDsa_ten_thousand_runs(string name, string digest) => MLDsaDigest(name, 10_000).Should().Be(digest);

    private static string MLDsaDigest(string name, int runs)
    {
        MLDsaAlgorithm algorithm = Algorithms.MLDsa(name);
        var source = Sponge.NewShake128();
        var sink = Sponge.NewShake128();
        Span<byte> seed = stackalloc byte[32];
        Span<byte> mu = stackalloc byte[64];
        byte[] signature = new byte[algorithm.SignatureSizeInBytes];

        for (int i = 0; i < runs; i++)
        {
            source.Squeeze(seed);
            using var key = MLDsaManaged.ImportMLDsaPrivateSeed(algorithm, seed);
            key.ComputeMu([], [], mu);
            key.SignMuDeterministicForTesting(mu, new byte[32], signature);
            if (!key.VerifyData(ReadOnlySpan<byte>.Empty, signature))
                Assert.Fail($"The signature of run {i} is refused.");
            sink.Absorb(key.ExportMLDsaPublicKey());
            sink.Absorb(signature);
        }

        Span<byte> result = stackalloc byte[32];
        sink.Squeeze(result);
        return Convert.ToHexStringLower(result);
    }

    private static string MLKemDigest(string name, int runs, bool draft)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        var set = ParameterSet.Of(algorithm);
        var source = Sponge.NewShake128();
        var sink = Sponge.NewShake128();
        Span<byte> seed = stackalloc byte[64];
        Span<byte> rhoAndSigma = stackalloc byte[64];
        Span<byte> message = stackalloc byte[32];
        Span<byte> secret = stackalloc byte[32];
        byte[] ciphertext = new byte[algorithm.CiphertextSizeInBytes];
        byte[] decapsulationKey = new byte[algorithm.DecapsulationKeySizeInBytes];

        for (int i = 0; i < runs; i++)
        {
            source.Squeeze(seed);
            source.Squeeze(message);
            Sponge.Sha3_512(seed[..32], draft ? [] : [(byte)set.K], rhoAndSigma);
            using var key = DecapsulationKey.FromDerivedSeeds(set, rhoAndSigma, seed[32..]);
            key.Encode(decapsulationKey);
            sink.Absorb(key.EncapsulationKey.Encoded);
            if (draft)
                sink.Absorb(decapsulationKey);

            key.EncapsulationKey.Encapsulate(message, ciphertext, secret);
            sink.Absorb(ciphertext);
            sink.Absorb(secret);

            source.Squeeze(ciphertext);
            key.Decapsulate(ciphertext, secret);
            sink.Absorb(secret);
        }

        Span<byte> result = stackalloc byte[32];
        sink.Squeeze(result);
        return Convert.ToHexStringLower(result);
    }
}
