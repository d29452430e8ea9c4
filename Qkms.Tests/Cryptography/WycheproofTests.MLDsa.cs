namespace Qkms.Tests.Cryptography;

public sealed partial class WycheproofTests
{
    public static TheoryData<string, string> MLDsaSets => EngineUnderTest.EachWith(Algorithms.MLDsaSets);

    [TheoryIf(Requirement.Vectors,
        "wycheproof/mldsa_44_sign_seed_test.json", "wycheproof/mldsa_65_sign_seed_test.json", "wycheproof/mldsa_87_sign_seed_test.json")]
    [MemberData(nameof(MLDsaSets))]
    public void MLDsa_signature_with_a_key_from_its_seed(string engine, string set)
    {
        (EngineUnderTest tested, MLDsaAlgorithm algorithm) = (EngineUnderTest.Present[engine], Algorithms.MLDsa(set));
        Tally tally = new();
        int containers = 0;
        int reproduced = 0;
        foreach ((JsonElement group, JsonElement test) in Cases($"wycheproof/{Prefix(set)}_sign_seed_test.json"))
        {
            byte[] pkcs8 = HexOrEmpty(group, "privateKeyPkcs8");
            reproduced += SignsOrRefuses(() => tested.Engine.ImportMLDsaPrivateSeed(algorithm, group.Hex("privateSeed")), group, test);
            if (pkcs8.Length > 0)
            {
                SignsOrRefuses(() => tested.ImportMLDsaPkcs8(pkcs8), group, test);
                containers++;
            }

            tally.Add(test);
        }

        (int steps, int internalSteps, int plain, int @internal, int withPkcs8) = set switch
        {
            "ML-DSA-44" => (44, 2, 5, 1, 74),
            "ML-DSA-65" => (48, 5, 11, 7, 90),
            _ => (39, 5, 11, 7, 81),
        };
        tally.ShouldBe(
            ("valid ValidSignature", plain),
            ("valid ManySteps ValidSignature", steps),
            ("valid BoundaryCondition ValidSignature", 11),
            ("valid BoundaryCondition Internal ValidSignature", 5),
            ("valid Internal ManySteps ValidSignature", internalSteps),
            ("valid BoundaryCondition", 13),
            ("valid Internal ValidSignature", @internal),
            ("valid Randomized ValidSignature", 1),
            ("invalid InvalidContext", 1),
            ("invalid IncorrectPrivateKeyLength", 3));
        containers.Should().Be(withPkcs8);
        reproduced.Should().Be(Reproducible(engine, messages: plain + steps + 11 + 13 + 1, mus: 5 + internalSteps + @internal));
    }

    [TheoryIf(Requirement.Vectors,
        "wycheproof/mldsa_44_sign_noseed_test.json",
        "wycheproof/mldsa_65_sign_noseed_test.json",
        "wycheproof/mldsa_87_sign_noseed_test.json")]
    [MemberData(nameof(MLDsaSets))]
    public void MLDsa_signature_with_an_expanded_key(string engine, string set)
    {
        Tally tally = new();
        int reproduced = 0;
        foreach ((JsonElement group, JsonElement test) in Cases($"wycheproof/{Prefix(set)}_sign_noseed_test.json"))
        {
            reproduced += SignsOrRefuses(
                () => EngineUnderTest.Present[engine].ImportMLDsaPrivateKey(Algorithms.MLDsa(set), group.Hex("privateKey")), group, test);
            tally.Add(test);
        }

        (int steps, int internalSteps, int boundaries) = set switch
        {
            "ML-DSA-44" => (44, 2, 12),
            "ML-DSA-65" => (48, 5, 10),
            _ => (39, 5, 10),
        };
        tally.ShouldBe(
            ("valid ValidSignature", 4),
            ("valid ManySteps ValidSignature", steps),
            ("valid BoundaryCondition ValidSignature", boundaries),
            ("valid BoundaryCondition Internal ValidSignature", 5),
            ("valid Internal ManySteps ValidSignature", internalSteps),
            ("valid Randomized ValidSignature", 1),
            ("invalid InvalidContext", 1),
            ("invalid IncorrectPrivateKeyLength", 2),
            ("invalid InvalidPrivateKey", 2));
        reproduced.Should().Be(Reproducible(engine, messages: 4 + steps + boundaries + 1, mus: 5 + internalSteps));
    }

    [TheoryIf(Requirement.Vectors, "wycheproof/mldsa_44_verify_test.json", "wycheproof/mldsa_65_verify_test.json",
        "wycheproof/mldsa_87_verify_test.json")]
    [MemberData(nameof(MLDsaSets))]
    public void MLDsa_verification(string engine, string set)
    {
        EngineUnderTest tested = EngineUnderTest.Present[engine];
        Tally tally = new();
        foreach ((JsonElement group, JsonElement test) in Cases($"wycheproof/{Prefix(set)}_verify_test.json"))
        {
            bool valid = IsValid(test);
            Accepts(() => tested.Engine.ImportMLDsaPublicKey(Algorithms.MLDsa(set), group.Hex("publicKey")), test)
                .Should().Be(valid, Id(test));
            Accepts(() => tested.ImportMLDsaSpki(group.Hex("publicKeyDer")), test).Should().Be(valid, Id(test));
            tally.Add(test);
        }

        (int steps, int boundaries, int modified, int hints, int norms, int zeroKeys) = set switch
        {
            "ML-DSA-44" => (44, 12, 7, 8, 40, 33),
            "ML-DSA-65" => (48, 10, 8, 9, 50, 49),
            _ => (39, 10, 10, 9, 70, 65),
        };
        (string, int)[] ofOneSet = set == "ML-DSA-87" ? [("valid MissingReduction", 1), ("invalid MissingReduction", 1)] : [];
        tally.ShouldBe(
        [
            ("valid ValidSignature", 4),
            ("valid ManySteps ValidSignature", steps),
            ("valid BoundaryCondition ValidSignature", boundaries),
            ("valid InvalidPrivateKey ValidSignature", 2),
            ("valid ValidSignature ZeroPublicKey", 1),
            ("valid BoundaryCondition", 13),
            ("valid BoundaryCondition ValidSignature ZeroPublicKey", 1),
            ("invalid", 1),
            ("invalid InvalidContext", 5),
            ("invalid IncorrectSignatureLength", 3),
            ("invalid ModifiedSignature", modified),
            ("invalid InvalidHintsEncoding", hints),
            ("invalid IncorrectPublicKeyLength", 4),
            ("invalid InfinityNormViolation", norms),
            ("invalid BoundaryCondition InfinityNormViolation", 2),
            ("invalid BoundaryCondition InvalidSignature ZeroPublicKey", zeroKeys),
            .. ofOneSet,
        ]);
    }

    /// <summary>
    /// The managed engine signs messages and μ with known randomness, the classes of BouncyCastle messages, the platform neither.
    /// </summary>
    private static int Reproducible(string engine, int messages, int mus) => engine switch
    {
        PqcEngines.Managed => messages + mus,
        PqcEngines.BouncyCastle => messages,
        _ => 0,
    };

    /// <returns>1 where the engine made the signature of the vector, else 0.</returns>
    private static int SignsOrRefuses(Func<MLDsa> import, JsonElement group, JsonElement test)
    {
        byte[] context = HexOrEmpty(test, "ctx");
        if (!IsValid(test))
        {
            Refuses(
                () =>
                {
                    using MLDsa key = import();
                    key.SignData(test.Hex("msg"), context);
                },
                test);
            return 0;
        }

        using MLDsa key = import();
        byte[] publicKey = key.ExportMLDsaPublicKey();
        publicKey.Should().Equal(group.Hex("publicKey"), Id(test));
        byte[] mu = test.Hex("mu");
        byte[] expected = test.Hex("sig");
        byte[] randomness = test.TryGetProperty("rnd", out _) ? test.Hex("rnd") : new byte[32];
        byte[]? signature;
        if (test.TryGetProperty("msg", out _))
        {
            ExternalMu.Of(publicKey, test.Hex("msg"), context).Should().Equal(mu, Id(test));
            key.VerifyData(test.Hex("msg"), expected, context).Should().BeTrue(Id(test));
            signature = KnownRandomness.Sign(key, test.Hex("msg"), context, randomness);
        }
        else
        {
            signature = KnownRandomness.SignMu(key, mu, randomness);
        }

        key.VerifyMu(mu, expected).Should().BeTrue(Id(test));
        signature?.Should().Equal(expected, Id(test));
        return signature is null ? 0 : 1;
    }

    /// <summary>A refusal of key or context is an exception, that of a signature an answer.</summary>
    private static bool Accepts(Func<MLDsa> import, JsonElement test)
    {
        try
        {
            using MLDsa key = import();
            return key.VerifyData(test.Hex("msg"), test.Hex("sig"), HexOrEmpty(test, "ctx"));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}
