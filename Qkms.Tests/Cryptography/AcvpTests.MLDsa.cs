using Org.BouncyCastle.Security;

namespace Qkms.Tests.Cryptography;

/// <summary>NIST ACVP vectors for ML-DSA: the internal interface, whose message is M' already, and the external one.</summary>
public sealed partial class AcvpTests
{
    private const string DsaKeyGen = "acvp/ml-dsa-key-gen.json";
    private const string DsaSigGen = "acvp/ml-dsa-sig-gen.json";
    private const string DsaSigVer = "acvp/ml-dsa-sig-ver.json";
    private const string DsaSigVerPrompt = "acvp/ML-DSA-sigVer_prompt.json";
    private const string DsaSigVerResults = "acvp/ML-DSA-sigVer_expectedResults.json";

    // The hash functions by their names at ACVP and at BouncyCastle, which has all of them. As a pre-hash SHAKE gives 256 and 512 bits
    // (FIPS 204, section 5.4.1), as its digests at BouncyCastle do.
    private static readonly Dictionary<string, (string Name, string Oid)> _hashes = new()
    {
        ["SHA2-224"] = ("SHA-224", "2.16.840.1.101.3.4.2.4"),
        ["SHA2-256"] = ("SHA-256", "2.16.840.1.101.3.4.2.1"),
        ["SHA2-384"] = ("SHA-384", "2.16.840.1.101.3.4.2.2"),
        ["SHA2-512"] = ("SHA-512", "2.16.840.1.101.3.4.2.3"),
        ["SHA2-512/224"] = ("SHA-512/224", "2.16.840.1.101.3.4.2.5"),
        ["SHA2-512/256"] = ("SHA-512/256", "2.16.840.1.101.3.4.2.6"),
        ["SHA3-224"] = ("SHA3-224", "2.16.840.1.101.3.4.2.7"),
        ["SHA3-256"] = ("SHA3-256", "2.16.840.1.101.3.4.2.8"),
        ["SHA3-384"] = ("SHA3-384", "2.16.840.1.101.3.4.2.9"),
        ["SHA3-512"] = ("SHA3-512", "2.16.840.1.101.3.4.2.10"),
        ["SHAKE-128"] = ("SHAKE128", "2.16.840.1.101.3.4.2.11"),
        ["SHAKE-256"] = ("SHAKE256", "2.16.840.1.101.3.4.2.12"),
    };

    [TheoryIf(Requirement.Vectors, DsaKeyGen)]
    [MemberData(nameof(Engines))]
    public void MLDsa_key_generation(string engine)
    {
        EngineUnderTest tested = EngineUnderTest.Present[engine];
        int passed = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(DsaKeyGen))
        {
            MLDsaAlgorithm algorithm = Algorithms.MLDsa(group.GetProperty("parameterSet").GetString()!);
            using MLDsa key = tested.Engine.ImportMLDsaPrivateSeed(algorithm, test.Hex("seed"));
            key.ExportMLDsaPublicKey().Should().Equal(test.Hex("pk"), "case {0}", Id(test));
            key.ExportMLDsaPrivateKey().Should().Equal(test.Hex("sk"), "case {0}", Id(test));

            using MLDsa imported = tested.ImportMLDsaPrivateKey(algorithm, test.Hex("sk"));
            imported.ExportMLDsaPublicKey().Should().Equal(test.Hex("pk"), "case {0}", Id(test));
            passed++;
        }

        passed.Should().Be(75);
    }

    [TheoryIf(Requirement.Vectors, DsaSigGen)]
    [MemberData(nameof(Engines))]
    public void MLDsa_signature_generation(string engine)
    {
        EngineUnderTest tested = EngineUnderTest.Present[engine];
        int deterministic = 0;
        int randomised = 0;
        int reproduced = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(DsaSigGen))
        {
            MLDsaAlgorithm algorithm = Algorithms.MLDsa(group.GetProperty("parameterSet").GetString()!);
            bool isDeterministic = group.GetProperty("deterministic").GetBoolean();
            using MLDsa key = tested.ImportMLDsaPrivateKey(algorithm, test.Hex("sk"));
            byte[] message = test.Hex("message");
            byte[] expected = test.Hex("signature");
            if (KnownRandomness.SignFormatted(key, message, isDeterministic ? new byte[32] : test.Hex("rnd")) is { } signature)
            {
                signature.Should().Equal(expected, "case {0}", Id(test));
                reproduced++;
            }

            KnownRandomness.VerifyFormatted(key, message, expected).Should().BeTrue("case {0}", Id(test));
            if (isDeterministic)
                deterministic++;
            else
                randomised++;
        }

        (deterministic, randomised).Should().Be((30, 30));
        reproduced.Should().Be(engine == PqcEngines.Platform ? 0 : 60);
    }

    [TheoryIf(Requirement.Vectors, DsaSigVer)]
    [MemberData(nameof(Engines))]
    public void MLDsa_signature_verification(string engine)
    {
        int passed = 0;
        var reasons = new Dictionary<(string Reason, bool Valid), int>();
        foreach ((JsonElement group, JsonElement test) in Cases(DsaSigVer))
        {
            MLDsaAlgorithm algorithm = Algorithms.MLDsa(group.GetProperty("parameterSet").GetString()!);
            using MLDsa key = EngineUnderTest.Present[engine].Engine.ImportMLDsaPublicKey(algorithm, group.Hex("pk"));
            bool expected = test.GetProperty("testPassed").GetBoolean();
            KnownRandomness.VerifyFormatted(key, test.Hex("message"), test.Hex("signature")).Should().Be(expected, "case {0}", Id(test));
            (string, bool) reason = (test.GetProperty("reason").GetString()!, expected);
            reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
            passed++;
        }

        passed.Should().Be(45);
        reasons.Should().BeEquivalentTo(new Dictionary<(string Reason, bool Valid), int>
        {
            [("no modification", true)] = 9,
            [("modify message", false)] = 9,
            [("modify signature", false)] = 9,
            [("too many hints", false)] = 9,
            [("z too large", false)] = 9,
        });
    }

    [TheoryIf(Requirement.Vectors, DsaSigVerPrompt, DsaSigVerResults)]
    [MemberData(nameof(Engines))]
    public void MLDsa_signature_verification_by_every_interface(string engine)
    {
        Dictionary<int, JsonElement> results = ResultsById(DsaSigVerResults);
        var passed = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach ((JsonElement group, JsonElement test) in Cases(DsaSigVerPrompt))
        {
            string set = group.GetProperty("parameterSet").GetString()!;
            byte[] signature = test.Hex("signature");
            bool expected = results[Id(test)].GetProperty("testPassed").GetBoolean();
            using MLDsa key = EngineUnderTest.Present[engine].Engine.ImportMLDsaPublicKey(Algorithms.MLDsa(set), test.Hex("pk"));
            string way;
            bool verdict;
            if (group.GetProperty("signatureInterface").GetString() == "external")
            {
                (way, verdict) = group.GetProperty("preHash").GetString() == "pure"
                    ? ("message", key.VerifyData(test.Hex("message"), signature, test.Hex("context")))
                    : VerifyPreHash(key, set, test, signature);
            }
            else
            {
                (way, verdict) = group.GetProperty("externalMu").GetBoolean()
                    ? ("external mu", key.VerifyMu(test.Hex("mu"), signature))
                    : ("formatted message", KnownRandomness.VerifyFormatted(key, test.Hex("message"), signature));
            }

            verdict.Should().Be(expected, "case {0}", Id(test));
            way = $"{way} {(expected ? "valid" : "invalid")}";
            passed[way] = passed.GetValueOrDefault(way) + 1;
        }

        passed.Should().Equal(new Dictionary<string, int>
        {
            ["external mu invalid"] = 36,
            ["external mu valid"] = 9,
            ["formatted message invalid"] = 36,
            ["formatted message valid"] = 9,
            ["hash as strong as the set invalid"] = 17,
            ["hash as strong as the set valid"] = 3,
            ["message invalid"] = 36,
            ["message valid"] = 9,
            ["weaker hash invalid"] = 19,
            ["weaker hash valid"] = 6,
        });
    }

    /// <summary>
    /// The base class refuses hashes below the strength of the set, of which the service verifies signatures by μ, or by the engine itself.
    /// </summary>
    private static (string Way, bool Verdict) VerifyPreHash(MLDsa key, string set, JsonElement test, byte[] signature)
    {
        (string name, string oid) = _hashes[test.GetProperty("hashAlg").GetString()!];
        byte[] hash = DigestUtilities.CalculateDigest(name, test.Hex("message"));
        byte[] context = test.Hex("context");
        if (PreHashes.Of(set).Any(strong => strong.Oid == oid))
            return ("hash as strong as the set", key.VerifyPreHash(hash, signature, oid, context));

        bool verdict = key is IHashOfAnyStrength any
            ? any.VerifyHash(hash, context, oid, signature)
            : key.VerifyMu(ExternalMu.OfHash(key.ExportMLDsaPublicKey(), hash, oid, context), signature);
        return ("weaker hash", verdict);
    }
}
