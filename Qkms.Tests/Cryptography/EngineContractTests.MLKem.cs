namespace Qkms.Tests.Cryptography;

public sealed partial class EngineContractTests
{
    public static TheoryData<string, string> MLKemSets => EngineUnderTest.EachWith(Algorithms.MLKemSets);

    [Theory]
    [MemberData(nameof(MLKemSets))]
    public void Encapsulated_secret_is_decapsulated(string engine, string set)
    {
        (EngineUnderTest tested, MLKemAlgorithm algorithm) = MLKemOf(engine, set);
        using MLKem key = tested.Engine.GenerateMLKem(algorithm);
        using MLKem sender = tested.Engine.ImportMLKemEncapsulationKey(algorithm, key.ExportEncapsulationKey());
        sender.Encapsulate(out byte[] ciphertext, out byte[] secret);
        sender.Encapsulate(out byte[] otherCiphertext, out byte[] otherSecret);

        key.Algorithm.Should().Be(algorithm);
        sender.Algorithm.Should().Be(algorithm);
        key.Decapsulate(ciphertext).Should().Equal(secret);
        key.Decapsulate(otherCiphertext).Should().Equal(otherSecret).And.NotEqual(secret);
        otherCiphertext.Should().NotEqual(ciphertext);
    }

    [Theory]
    [MemberData(nameof(MLKemSets))]
    public void Changed_ciphertext_gives_a_secret_of_its_own(string engine, string set)
    {
        (EngineUnderTest tested, MLKemAlgorithm algorithm) = MLKemOf(engine, set);
        using MLKem key = tested.Engine.GenerateMLKem(algorithm);
        key.Encapsulate(out byte[] ciphertext, out byte[] secret);
        foreach (int position in new[] { 0, ciphertext.Length / 2, ciphertext.Length - 1 })
        {
            byte[] changed = [.. ciphertext];
            changed[position] ^= 0x80;
            byte[] rejected = key.Decapsulate(changed);
            rejected.Should().NotEqual(secret);
            key.Decapsulate(changed).Should().Equal(rejected, "implicit rejection is a function of key and ciphertext");
        }
    }

    [Theory]
    [MemberData(nameof(MLKemSets))]
    public void Wrong_lengths_of_MLKem_are_refused(string engine, string set)
    {
        (EngineUnderTest tested, MLKemAlgorithm algorithm) = MLKemOf(engine, set);
        using MLKem key = tested.Engine.GenerateMLKem(algorithm);
        byte[] ciphertext = new byte[algorithm.CiphertextSizeInBytes];
        byte[] secret = new byte[algorithm.SharedSecretSizeInBytes];
        foreach (int difference in new[] { -1, 1 })
        {
            byte[] Wrong(int length) => new byte[length + difference];
            Refused(() => tested.Engine.ImportMLKemPrivateSeed(algorithm, Wrong(algorithm.PrivateSeedSizeInBytes)));
            Refused(() => tested.Engine.ImportMLKemEncapsulationKey(algorithm, Wrong(algorithm.EncapsulationKeySizeInBytes)));
            Refused(() => tested.ImportDecapsulationKey(algorithm, Wrong(algorithm.DecapsulationKeySizeInBytes)));
            Refused(() => key.Encapsulate(Wrong(ciphertext.Length), secret));
            Refused(() => key.Encapsulate(ciphertext, Wrong(secret.Length)));
            Refused(() => key.Decapsulate(Wrong(ciphertext.Length)));
            Refused(() => key.Decapsulate(Wrong(ciphertext.Length), secret));
            Refused(() => key.Decapsulate(ciphertext, Wrong(secret.Length)));
            Refused(() => key.ExportPrivateSeed(Wrong(algorithm.PrivateSeedSizeInBytes)));
            Refused(() => key.ExportDecapsulationKey(Wrong(algorithm.DecapsulationKeySizeInBytes)));
            Refused(() => key.ExportEncapsulationKey(Wrong(algorithm.EncapsulationKeySizeInBytes)));
        }

        Refused(() => tested.Engine.ImportMLKemPrivateSeed(algorithm, []));
        Refused(() => tested.Engine.ImportMLKemEncapsulationKey(algorithm, []));
        Refused(() => tested.ImportDecapsulationKey(algorithm, []));
        Refused(() => key.Decapsulate([]));

        static void Refused(Action action) => action.Should().Throw<ArgumentException>();
    }

    [Theory]
    [MemberData(nameof(MLKemSets))]
    public void Encapsulation_key_with_a_coefficient_at_the_modulus_is_refused(string engine, string set)
    {
        (EngineUnderTest tested, MLKemAlgorithm algorithm) = MLKemOf(engine, set);
        using MLKem key = tested.Engine.GenerateMLKem(algorithm);
        byte[] encoded = key.ExportEncapsulationKey();
        foreach (int coefficient in new[] { 0, 1, 255, ((encoded.Length - 32) * 8 / 12) - 1 })
        {
            foreach ((int value, bool valid) in new[] { (3328, true), (3329, false), (4095, false) })
            {
                // Two coefficients of 12 bits in three bytes (FIPS 203, Algorithm 5).
                byte[] changed = [.. encoded];
                int at = coefficient / 2 * 3;
                if (int.IsEvenInteger(coefficient))
                {
                    changed[at] = (byte)value;
                    changed[at + 1] = (byte)((changed[at + 1] & 0xF0) | (value >> 8));
                }
                else
                {
                    changed[at + 1] = (byte)((changed[at + 1] & 0x0F) | ((value << 4) & 0xF0));
                    changed[at + 2] = (byte)(value >> 4);
                }

                Action import = () => tested.Engine.ImportMLKemEncapsulationKey(algorithm, changed).Dispose();
                if (valid)
                    import.Should().NotThrow();
                else
                    import.Should().Throw<CryptographicException>("coefficient {0} is {1}", coefficient, value);
            }
        }
    }

    [Theory]
    [MemberData(nameof(MLKemSets))]
    public void Decapsulation_key_with_a_wrong_hash_or_another_public_key_is_refused(string engine, string set)
    {
        (EngineUnderTest tested, MLKemAlgorithm algorithm) = MLKemOf(engine, set);
        using MLKem key = tested.Engine.GenerateMLKem(algorithm);
        byte[] encoded = key.ExportDecapsulationKey();

        // dk_PKE ‖ ek ‖ H(ek) ‖ z: both ends of the hash, and the last byte of ek.
        foreach (int fromEnd in new[] { 64, 33, 65 })
        {
            byte[] changed = [.. encoded];
            changed[^fromEnd] ^= 1;
            FluentActions.Invoking(() => tested.ImportDecapsulationKey(algorithm, changed)).Should().Throw<CryptographicException>();
        }
    }

    [Theory]
    [MemberData(nameof(MLKemSets))]
    public void Overlapping_buffers_of_MLKem_give_the_right_secret_or_a_refusal(string engine, string set)
    {
        (EngineUnderTest tested, MLKemAlgorithm algorithm) = MLKemOf(engine, set);
        using MLKem key = tested.Engine.GenerateMLKem(algorithm);
        int size = algorithm.CiphertextSizeInBytes;
        byte[] buffer = new byte[size + 32];
        FluentActions.Invoking(() => key.Encapsulate(buffer.AsSpan(0, size), buffer.AsSpan(size - 1, 32)))
            .Should().Throw<CryptographicException>("one of the two results would be lost");

        // The secret over the start, the middle, and the end of the ciphertext, and half outside it.
        key.Encapsulate(out byte[] ciphertext, out byte[] secret);
        foreach (int at in new[] { 0, size / 2, size - 32, size - 16 })
        {
            ciphertext.CopyTo(buffer, 0);
            key.Decapsulate(buffer.AsSpan(0, size), buffer.AsSpan(at, 32));
            buffer.AsSpan(at, 32).ToArray().Should().Equal(secret, "the secret was written at {0}", at);
        }
    }

    private static (EngineUnderTest Tested, MLKemAlgorithm Algorithm) MLKemOf(string engine, string set) =>
        (EngineUnderTest.Present[engine], Algorithms.MLKem(set));
}
