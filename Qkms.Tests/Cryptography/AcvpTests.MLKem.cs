using System.Security.Cryptography;
using System.Text.Json;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Tests.Support;

namespace Qkms.Tests.Cryptography;

/// <summary>NIST ACVP vectors for ML-KEM. Each test states how many cases its file has, so that an empty loop fails.</summary>
public sealed partial class AcvpTests
{
    private const string KemKeyGenPrompt = "acvp/ML-KEM-keyGen_prompt.json";
    private const string KemKeyGenResults = "acvp/ML-KEM-keyGen_expectedResults.json";
    private const string KemEncapDecapPrompt = "acvp/ML-KEM-encapDecap_prompt.json";
    private const string KemEncapDecapResults = "acvp/ML-KEM-encapDecap_expectedResults.json";
    private const string KemKeyGenProjection = "acvp/ml-kem-key-gen.json";
    private const string KemEncapDecapProjection = "acvp/ml-kem-encap-decap.json";

    [VectorsFact(KemKeyGenPrompt, KemKeyGenResults)]
    public void MLKem_key_generation_prompts_and_results()
    {
        Dictionary<int, JsonElement> results = ResultsById(KemKeyGenResults);
        int passed = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(KemKeyGenPrompt))
        {
            KeyGenerationGives(group, test, results[Id(test)]);
            passed++;
        }

        passed.Should().Be(75);
    }

    [VectorsFact(KemKeyGenProjection)]
    public void MLKem_key_generation_projection()
    {
        int passed = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(KemKeyGenProjection))
        {
            KeyGenerationGives(group, test, test);
            passed++;
        }

        passed.Should().Be(75);
    }

    [VectorsFact(KemEncapDecapPrompt, KemEncapDecapResults)]
    public void MLKem_encapsulation_decapsulation_and_key_checks_prompts_and_results()
    {
        Dictionary<int, JsonElement> results = ResultsById(KemEncapDecapResults);
        var passed = new Dictionary<string, int>();
        int refused = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(KemEncapDecapPrompt))
        {
            MLKemAlgorithm algorithm = Algorithms.MLKem(group.GetProperty("parameterSet").GetString()!);
            JsonElement expected = results[Id(test)];
            string function = group.GetProperty("function").GetString()!;
            switch (function)
            {
                case "encapsulation":
                    EncapsulationGives(algorithm, test, expected);
                    break;
                case "decapsulation":
                    DecapsulationGives(algorithm, test.Hex("dk"), test, expected);
                    break;
                case "encapsulationKeyCheck":
                    refused += CheckGives(() => MLKemManaged.ImportEncapsulationKey(algorithm, test.Hex("ek")), expected);
                    break;
                case "decapsulationKeyCheck":
                    refused += CheckGives(() => MLKemManaged.ImportDecapsulationKey(algorithm, test.Hex("dk")), expected);
                    break;
                default:
                    throw new InvalidOperationException($"The function '{function}' is not known.");
            }

            passed[function] = passed.GetValueOrDefault(function) + 1;
        }

        passed.Should().Equal(new Dictionary<string, int>
        {
            ["encapsulation"] = 75,
            ["decapsulation"] = 30,
            ["decapsulationKeyCheck"] = 30,
            ["encapsulationKeyCheck"] = 30,
        });
        refused.Should().Be(30, "half of the keys to check are not valid");
    }

    [VectorsFact(KemEncapDecapProjection)]
    public void MLKem_encapsulation_and_decapsulation_projection()
    {
        int encapsulated = 0;
        int decapsulated = 0;
        int modified = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(KemEncapDecapProjection))
        {
            MLKemAlgorithm algorithm = Algorithms.MLKem(group.GetProperty("parameterSet").GetString()!);
            if (group.GetProperty("function").GetString() == "encapsulation")
            {
                EncapsulationGives(algorithm, test, test);
                DecapsulationGives(algorithm, test.Hex("dk"), test, test);
                encapsulated++;
            }
            else
            {
                DecapsulationGives(algorithm, group.Hex("dk"), test, test);
                decapsulated++;
                if (test.GetProperty("reason").GetString() == "modify ciphertext")
                    modified++;
            }
        }

        (encapsulated, decapsulated, modified).Should().Be((75, 30, 15));
    }

    private static void KeyGenerationGives(JsonElement group, JsonElement test, JsonElement expected)
    {
        MLKemAlgorithm algorithm = Algorithms.MLKem(group.GetProperty("parameterSet").GetString()!);
        using var key = MLKemManaged.ImportPrivateSeed(algorithm, [.. test.Hex("d"), .. test.Hex("z")]);
        key.ExportEncapsulationKey().Should().Equal(expected.Hex("ek"), "case {0}", Id(test));
        key.ExportDecapsulationKey().Should().Equal(expected.Hex("dk"), "case {0}", Id(test));

        using var imported = MLKemManaged.ImportDecapsulationKey(algorithm, expected.Hex("dk"));
        imported.ExportDecapsulationKey().Should().Equal(expected.Hex("dk"), "case {0}", Id(test));
    }

    private static void EncapsulationGives(MLKemAlgorithm algorithm, JsonElement test, JsonElement expected)
    {
        using var key = MLKemManaged.ImportEncapsulationKey(algorithm, test.Hex("ek"));
        byte[] ciphertext = new byte[algorithm.CiphertextSizeInBytes];
        byte[] secret = new byte[algorithm.SharedSecretSizeInBytes];
        key.EncapsulateDeterministicForTesting(test.Hex("m"), ciphertext, secret);
        ciphertext.Should().Equal(expected.Hex("c"), "case {0}", Id(test));
        secret.Should().Equal(expected.Hex("k"), "case {0}", Id(test));
    }

    private static void DecapsulationGives(MLKemAlgorithm algorithm, byte[] decapsulationKey, JsonElement test, JsonElement expected)
    {
        using var key = MLKemManaged.ImportDecapsulationKey(algorithm, decapsulationKey);
        key.Decapsulate(test.Hex("c")).Should().Equal(expected.Hex("k"), "case {0}", Id(test));
    }

    private static int CheckGives(Func<MLKemManaged> import, JsonElement expected)
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
