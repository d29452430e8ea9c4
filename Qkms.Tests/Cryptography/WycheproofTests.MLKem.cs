namespace Qkms.Tests.Cryptography;

public sealed partial class WycheproofTests
{
    public static TheoryData<string, string> MLKemSets => EngineUnderTest.EachWith(Algorithms.MLKemSets);

    [TheoryIf(Requirement.Vectors, "wycheproof/mlkem_512_test.json", "wycheproof/mlkem_768_test.json", "wycheproof/mlkem_1024_test.json")]
    [MemberData(nameof(MLKemSets))]
    public void MLKem_decapsulation_with_a_key_from_its_seed(string engine, string set)
    {
        (EngineUnderTest tested, MLKemAlgorithm algorithm) = (EngineUnderTest.Present[engine], Algorithms.MLKem(set));
        Tally tally = new();
        foreach ((_, JsonElement test) in Cases($"wycheproof/{Prefix(set)}_test.json"))
        {
            byte[] ciphertext = test.Hex("c");
            if (IsValid(test))
            {
                using MLKem key = tested.Engine.ImportMLKemPrivateSeed(algorithm, test.Hex("seed"));
                key.ExportEncapsulationKey().Should().Equal(test.Hex("ek"), Id(test));
                key.Decapsulate(ciphertext).Should().Equal(test.Hex("K"), Id(test));
            }
            else
            {
                Refuses(
                    () =>
                    {
                        using MLKem key = tested.Engine.ImportMLKemPrivateSeed(algorithm, test.Hex("seed"));
                        key.Decapsulate(ciphertext);
                    },
                    test);
            }

            tally.Add(test);
        }

        tally.ShouldBe(("valid", 152), ("valid Strcmp", 1), ("invalid", 40));
    }

    [TheoryIf(Requirement.Vectors,
        "wycheproof/mlkem_512_keygen_seed_test.json",
        "wycheproof/mlkem_768_keygen_seed_test.json",
        "wycheproof/mlkem_1024_keygen_seed_test.json")]
    [MemberData(nameof(MLKemSets))]
    public void MLKem_key_generation(string engine, string set)
    {
        Tally tally = new();
        foreach ((_, JsonElement test) in Cases($"wycheproof/{Prefix(set)}_keygen_seed_test.json"))
        {
            IsValid(test).Should().BeTrue(Id(test));
            using MLKem key = EngineUnderTest.Present[engine].Engine.ImportMLKemPrivateSeed(Algorithms.MLKem(set), test.Hex("seed"));
            key.ExportEncapsulationKey().Should().Equal(test.Hex("ek"), Id(test));
            key.ExportDecapsulationKey().Should().Equal(test.Hex("dk"), Id(test));
            tally.Add(test);
        }

        tally.ShouldBe(("valid", 100));
    }

    [TheoryIf(Requirement.Vectors,
        "wycheproof/mlkem_512_encaps_test.json", "wycheproof/mlkem_768_encaps_test.json", "wycheproof/mlkem_1024_encaps_test.json")]
    [MemberData(nameof(MLKemSets))]
    public void MLKem_encapsulation(string engine, string set)
    {
        (EngineUnderTest tested, MLKemAlgorithm algorithm) = (EngineUnderTest.Present[engine], Algorithms.MLKem(set));
        Tally tally = new();
        int reproduced = 0;
        foreach ((_, JsonElement test) in Cases($"wycheproof/{Prefix(set)}_encaps_test.json"))
        {
            if (IsValid(test))
            {
                using MLKem key = tested.Engine.ImportMLKemEncapsulationKey(algorithm, test.Hex("ek"));
                if (KnownRandomness.Encapsulate(key, test.Hex("m")) is { } encapsulated)
                {
                    encapsulated.Ciphertext.Should().Equal(test.Hex("c"), Id(test));
                    encapsulated.Secret.Should().Equal(test.Hex("K"), Id(test));
                    reproduced++;
                }
            }
            else
            {
                Refuses(() => tested.Engine.ImportMLKemEncapsulationKey(algorithm, test.Hex("ek")).Dispose(), test);
            }

            tally.Add(test);
        }

        // One key for each coefficient of the first rows that is q or more.
        int overflows = set switch { "ML-KEM-512" => 8, "ML-KEM-768" => 12, _ => 16 };
        tally.ShouldBe(("valid", 133), ("invalid", 120), ("invalid ModulusOverflow", overflows));
        reproduced.Should().Be(engine == PqcEngines.Platform ? 0 : 133);
    }

    [TheoryIf(Requirement.Vectors,
        "wycheproof/mlkem_512_semi_expanded_decaps_test.json",
        "wycheproof/mlkem_768_semi_expanded_decaps_test.json",
        "wycheproof/mlkem_1024_semi_expanded_decaps_test.json")]
    [MemberData(nameof(MLKemSets))]
    public void MLKem_decapsulation_with_an_expanded_key(string engine, string set)
    {
        (EngineUnderTest tested, MLKemAlgorithm algorithm) = (EngineUnderTest.Present[engine], Algorithms.MLKem(set));
        Tally tally = new();
        foreach ((_, JsonElement test) in Cases($"wycheproof/{Prefix(set)}_semi_expanded_decaps_test.json"))
        {
            if (IsValid(test))
            {
                using MLKem key = tested.ImportDecapsulationKey(algorithm, test.Hex("dk"));
                key.ExportEncapsulationKey().Should().Equal(test.Hex("ek"), Id(test));
                key.Decapsulate(test.Hex("c")).Should().Equal(test.Hex("K"), Id(test));
            }
            else
            {
                Refuses(
                    () =>
                    {
                        using MLKem key = tested.ImportDecapsulationKey(algorithm, test.Hex("dk"));
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
