using System.Security.Cryptography;
using System.Text.Json;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Tests.Support;

namespace Qkms.Tests.Cryptography;

public sealed partial class WycheproofTests
{
    private const string KemDecapsulation = "wycheproof/mlkem_768_test.json";
    private const string KemKeyGeneration = "wycheproof/mlkem_768_keygen_seed_test.json";
    private const string KemEncapsulation = "wycheproof/mlkem_768_encaps_test.json";
    private const string KemExpandedKey = "wycheproof/mlkem_768_semi_expanded_decaps_test.json";

    private static readonly MLKemAlgorithm _kem = MLKemAlgorithm.MLKem768;

    [VectorsFact(KemDecapsulation)]
    public void MLKem_decapsulation_with_a_key_from_its_seed()
    {
        Tally tally = new();
        foreach ((_, JsonElement test) in Cases(KemDecapsulation))
        {
            byte[] ciphertext = test.Hex("c");
            if (IsValid(test))
            {
                using var key = MLKemManaged.ImportPrivateSeed(_kem, test.Hex("seed"));
                key.ExportEncapsulationKey().Should().Equal(test.Hex("ek"), Id(test));
                key.Decapsulate(ciphertext).Should().Equal(test.Hex("K"), Id(test));
            }
            else
            {
                Refuses(
                    () =>
                    {
                        using var key = MLKemManaged.ImportPrivateSeed(_kem, test.Hex("seed"));
                        key.Decapsulate(ciphertext);
                    },
                    test);
            }

            tally.Add(test);
        }

        tally.ShouldBe(("valid", 152), ("valid Strcmp", 1), ("invalid", 40));
    }

    [VectorsFact(KemKeyGeneration)]
    public void MLKem_key_generation()
    {
        Tally tally = new();
        foreach ((_, JsonElement test) in Cases(KemKeyGeneration))
        {
            IsValid(test).Should().BeTrue(Id(test));
            using var key = MLKemManaged.ImportPrivateSeed(_kem, test.Hex("seed"));
            key.ExportEncapsulationKey().Should().Equal(test.Hex("ek"), Id(test));
            key.ExportDecapsulationKey().Should().Equal(test.Hex("dk"), Id(test));
            tally.Add(test);
        }

        tally.ShouldBe(("valid", 100));
    }

    [VectorsFact(KemEncapsulation)]
    public void MLKem_encapsulation()
    {
        Tally tally = new();
        foreach ((_, JsonElement test) in Cases(KemEncapsulation))
        {
            if (IsValid(test))
            {
                using var key = MLKemManaged.ImportEncapsulationKey(_kem, test.Hex("ek"));
                byte[] ciphertext = new byte[_kem.CiphertextSizeInBytes];
                byte[] secret = new byte[_kem.SharedSecretSizeInBytes];
                key.EncapsulateDeterministicForTesting(test.Hex("m"), ciphertext, secret);
                ciphertext.Should().Equal(test.Hex("c"), Id(test));
                secret.Should().Equal(test.Hex("K"), Id(test));
            }
            else
            {
                Refuses(() => MLKemManaged.ImportEncapsulationKey(_kem, test.Hex("ek")).Dispose(), test);
            }

            tally.Add(test);
        }

        tally.ShouldBe(("valid", 133), ("invalid", 120), ("invalid ModulusOverflow", 12));
    }

    [VectorsFact(KemExpandedKey)]
    public void MLKem_decapsulation_with_an_expanded_key()
    {
        Tally tally = new();
        foreach ((_, JsonElement test) in Cases(KemExpandedKey))
        {
            if (IsValid(test))
            {
                using var key = MLKemManaged.ImportDecapsulationKey(_kem, test.Hex("dk"));
                key.ExportEncapsulationKey().Should().Equal(test.Hex("ek"), Id(test));
                key.Decapsulate(test.Hex("c")).Should().Equal(test.Hex("K"), Id(test));
            }
            else
            {
                Refuses(
                    () =>
                    {
                        using var key = MLKemManaged.ImportDecapsulationKey(_kem, test.Hex("dk"));
                        key.Decapsulate(test.Hex("c"));
                    },
                    test);
            }

            tally.Add(test);
        }

        tally.ShouldBe(
            ("valid", 1),
            ("valid MalleableCiphertext", 2),
            ("invalid IncorrectCiphertextLength", 2),
            ("invalid IncorrectDecapsulationKeyLength", 2),
            ("invalid InvalidDecapsulationKey", 2));
    }
}
