namespace Qkms.Tests.Cryptography;

/// <summary>
/// NIST ACVP vectors for ML-KEM, through every engine that is present. Each test states how many cases its file has, so that an empty loop
/// fails, and how many results with known randomness the engine reproduced: the platform's draws its own.
/// </summary>
public sealed partial class AcvpTests
{
    private const string KemKeyGenPrompt = "acvp/ML-KEM-keyGen_prompt.json";
    private const string KemKeyGenResults = "acvp/ML-KEM-keyGen_expectedResults.json";
    private const string KemEncapDecapPrompt = "acvp/ML-KEM-encapDecap_prompt.json";
    private const string KemEncapDecapResults = "acvp/ML-KEM-encapDecap_expectedResults.json";
    private const string KemSeedPrompt = "acvp/ML-KEM-encapDecap-tr1_prompt.json";
    private const string KemSeedResults = "acvp/ML-KEM-encapDecap-tr1_expectedResults.json";
    private const string KemKeyGenProjection = "acvp/ml-kem-key-gen.json";
    private const string KemEncapDecapProjection = "acvp/ml-kem-encap-decap.json";

    public static TheoryData<string> Engines => new(EngineUnderTest.Present.Keys);

    [TheoryIf(Requirement.Vectors, KemKeyGenPrompt, KemKeyGenResults)]
    [MemberData(nameof(Engines))]
    public void MLKem_key_generation_prompts_and_results(string engine)
    {
        Dictionary<int, JsonElement> results = ResultsById(KemKeyGenResults);
        int passed = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(KemKeyGenPrompt))
        {
            KeyGenerationGives(EngineUnderTest.Present[engine], group, test, results[Id(test)]);
            passed++;
        }

        passed.Should().Be(75);
    }

    [TheoryIf(Requirement.Vectors, KemKeyGenProjection)]
    [MemberData(nameof(Engines))]
    public void MLKem_key_generation_projection(string engine)
    {
        int passed = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(KemKeyGenProjection))
        {
            KeyGenerationGives(EngineUnderTest.Present[engine], group, test, test);
            passed++;
        }

        passed.Should().Be(75);
    }

    [TheoryIf(Requirement.Vectors, KemEncapDecapPrompt, KemEncapDecapResults)]
    [MemberData(nameof(Engines))]
    public void MLKem_encapsulation_decapsulation_and_key_checks_prompts_and_results(string engine) =>
        PromptsGive(engine, KemEncapDecapPrompt, KemEncapDecapResults, ("decapsulation", 30));

    [TheoryIf(Requirement.Vectors, KemSeedPrompt, KemSeedResults)]
    [MemberData(nameof(Engines))]
    public void MLKem_encapsulation_decapsulation_and_key_checks_with_seeds(string engine) =>
        PromptsGive(engine, KemSeedPrompt, KemSeedResults, ("decapsulation seed", 30), ("decapsulation expanded", 30));

    [TheoryIf(Requirement.Vectors, KemEncapDecapProjection)]
    [MemberData(nameof(Engines))]
    public void MLKem_encapsulation_and_decapsulation_projection(string engine)
    {
        EngineUnderTest tested = EngineUnderTest.Present[engine];
        int encapsulated = 0;
        int reproduced = 0;
        int decapsulated = 0;
        int modified = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(KemEncapDecapProjection))
        {
            MLKemAlgorithm algorithm = Algorithms.MLKem(group.GetProperty("parameterSet").GetString()!);
            if (group.GetProperty("function").GetString() == "encapsulation")
            {
                reproduced += EncapsulationGives(tested, algorithm, test, test);
                DecapsulationGives(tested.ImportDecapsulationKey(algorithm, test.Hex("dk")), test, test);
                encapsulated++;
            }
            else
            {
                DecapsulationGives(tested.ImportDecapsulationKey(algorithm, group.Hex("dk")), test, test);
                decapsulated++;
                if (test.GetProperty("reason").GetString() == "modify ciphertext")
                    modified++;
            }
        }

        (encapsulated, decapsulated, modified).Should().Be((75, 30, 15));
        reproduced.Should().Be(engine == PqcEngines.Platform ? 0 : 75);
    }

    private static void PromptsGive(
        string engine, string prompts, string expectedResults, params (string Function, int Count)[] decapsulations)
    {
        EngineUnderTest tested = EngineUnderTest.Present[engine];
        Dictionary<int, JsonElement> results = ResultsById(expectedResults);
        var passed = new Dictionary<string, int>();
        int refused = 0;
        int reproduced = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(prompts))
        {
            MLKemAlgorithm algorithm = Algorithms.MLKem(group.GetProperty("parameterSet").GetString()!);
            JsonElement expected = results[Id(test)];
            string function = group.GetProperty("function").GetString()!;
            switch (function)
            {
                case "encapsulation":
                    reproduced += EncapsulationGives(tested, algorithm, test, expected);
                    break;
                case "decapsulation" when group.TryGetProperty("keyFormat", out JsonElement format):
                    function = $"{function} {format.GetString()}";
                    DecapsulationGives(
                        format.GetString() == "seed"
                            ? tested.Engine.ImportMLKemPrivateSeed(algorithm, [.. test.Hex("d"), .. test.Hex("z")])
                            : tested.ImportDecapsulationKey(algorithm, test.Hex("dk")),
                        test,
                        expected);
                    break;
                case "decapsulation":
                    DecapsulationGives(tested.ImportDecapsulationKey(algorithm, test.Hex("dk")), test, expected);
                    break;
                case "encapsulationKeyCheck":
                    refused += CheckGives(() => tested.Engine.ImportMLKemEncapsulationKey(algorithm, test.Hex("ek")), expected);
                    break;
                case "decapsulationKeyCheck":
                    refused += CheckGives(() => tested.ImportDecapsulationKey(algorithm, test.Hex("dk")), expected);
                    break;
                default:
                    throw new InvalidOperationException($"The function '{function}' is not known.");
            }

            passed[function] = passed.GetValueOrDefault(function) + 1;
        }

        passed.Select(item => (item.Key, item.Value)).Should().BeEquivalentTo(
            [.. decapsulations, ("encapsulation", 75), ("decapsulationKeyCheck", 30), ("encapsulationKeyCheck", 30)]);
        refused.Should().Be(30, "half of the keys to check are not valid");
        reproduced.Should().Be(engine == PqcEngines.Platform ? 0 : 75);
    }

    private static void KeyGenerationGives(EngineUnderTest tested, JsonElement group, JsonElement test, JsonElement expected)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(group.GetProperty("parameterSet").GetString()!);
        using MLKem key = tested.Engine.ImportMLKemPrivateSeed(algorithm, [.. test.Hex("d"), .. test.Hex("z")]);
        key.ExportEncapsulationKey().Should().Equal(expected.Hex("ek"), "case {0}", Id(test));
        key.ExportDecapsulationKey().Should().Equal(expected.Hex("dk"), "case {0}", Id(test));

        using MLKem imported = tested.ImportDecapsulationKey(algorithm, expected.Hex("dk"));
        imported.ExportDecapsulationKey().Should().Equal(expected.Hex("dk"), "case {0}", Id(test));
    }

    /// <returns>1 where the engine takes the message of the vector, else 0.</returns>
    private static int EncapsulationGives(EngineUnderTest tested, MLKemAlgorithm algorithm, JsonElement test, JsonElement expected)
    {
        using MLKem key = tested.Engine.ImportMLKemEncapsulationKey(algorithm, test.Hex("ek"));
        if (KnownRandomness.Encapsulate(key, test.Hex("m")) is not { } encapsulated)
            return 0;
        encapsulated.Ciphertext.Should().Equal(expected.Hex("c"), "case {0}", Id(test));
        encapsulated.Secret.Should().Equal(expected.Hex("k"), "case {0}", Id(test));
        return 1;
    }

    private static void DecapsulationGives(MLKem imported, JsonElement test, JsonElement expected)
    {
        using MLKem key = imported;
        key.Decapsulate(test.Hex("c")).Should().Equal(expected.Hex("k"), "case {0}", Id(test));
    }

    private static int CheckGives(Func<MLKem> import, JsonElement expected)
    {
        if (expected.GetProperty("testPassed").GetBoolean())
        {
            import().Dispose();
            return 0;
        }

        // A key of the wrong length is an argument error, as on the platform; any other fault is a cryptographic one.
        import.Should().Throw<Exception>().Which.Should().Match(thrown => thrown is CryptographicException || thrown is ArgumentException);
        return 1;
    }

    private static int Id(JsonElement test) => test.GetProperty("tcId").GetInt32();

    private static IEnumerable<(JsonElement Group, JsonElement Test)> Cases(string file) =>
        from JsonElement @group in TestVectors.ReadJson(file).GetProperty("testGroups").EnumerateArray()
        from JsonElement test in @group.GetProperty("tests").EnumerateArray()
        select (@group, test);

    private static Dictionary<int, JsonElement> ResultsById(string file) =>
        Cases(file).ToDictionary(item => Id(item.Test), item => item.Test);
}
