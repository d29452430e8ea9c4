using Qkms.Core.Cryptography.Fips202;
using Qkms.Core.Cryptography.Fips203;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// Both ends of FIPS 203, Algorithm 18, without a hook in the engine: a secret that was accepted is the first half of G(m' ‖ H(ek)), one
/// that was rejected is J(z ‖ c), and each is computed here from the parts of the exported key.
/// </summary>
public sealed class ImplicitRejectionTests
{
    [Theory]
    [InlineData("ML-KEM-512")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-KEM-1024")]
    public void Ciphertext_changed_in_any_byte_is_rejected_and_an_unchanged_one_is_not(string name)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(name);
        using var key = MLKemManaged.GenerateKey(algorithm);
        byte[] encoded = key.ExportDecapsulationKey();
        ReadOnlySpan<byte> z = encoded.AsSpan(encoded.Length - 32);
        ReadOnlySpan<byte> hash = encoded.AsSpan(encoded.Length - 64, 32);

        byte[] message = RandomNumberGenerator.GetBytes(32);
        byte[] ciphertext = new byte[algorithm.CiphertextSizeInBytes];
        byte[] secret = new byte[32];
        key.EncapsulateDeterministicForTesting(message, ciphertext, secret);
        byte[] derived = new byte[64];
        Sponge.Sha3_512(message, hash, derived);
        secret.Should().Equal(derived[..32]);
        key.Decapsulate(ciphertext).Should().Equal(derived[..32]);

        byte[] expected = new byte[32];
        for (int i = 0; i < ciphertext.Length; i++)
        {
            byte mask = (byte)(1 << (i & 7));
            ciphertext[i] ^= mask;
            Sponge.Shake256(z, ciphertext, expected);
            key.Decapsulate(ciphertext, secret);
            if (!secret.AsSpan().SequenceEqual(expected))
                Assert.Fail($"Byte {i} was changed and the secret is not that of a rejection.");
            ciphertext[i] ^= mask;
        }

        key.Decapsulate(ciphertext).Should().Equal(derived[..32]);
    }
}
