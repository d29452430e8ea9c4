using System.Security.Cryptography;
using System.Text.Json;
using Qkms.Core.Cryptography.Fips204;
using Qkms.Tests.Support;

namespace Qkms.Tests.Cryptography;

public sealed partial class WycheproofTests
{
    private const string DsaSignSeed = "wycheproof/mldsa_65_sign_seed_test.json";
    private const string DsaSignExpanded = "wycheproof/mldsa_65_sign_noseed_test.json";
    private const string DsaVerify = "wycheproof/mldsa_65_verify_test.json";

    private static readonly MLDsaAlgorithm _dsa = MLDsaAlgorithm.MLDsa65;

    [VectorsFact(DsaSignSeed)]
    public void MLDsa_signature_with_a_key_from_its_seed()
    {
        Tally tally = new();
        foreach ((JsonElement group, JsonElement test) in Cases(DsaSignSeed))
        {
            byte[] pkcs8 = HexOrEmpty(group, "privateKeyPkcs8");
            SignsOrRefuses(() => MLDsaManaged.ImportMLDsaPrivateSeed(_dsa, group.Hex("privateSeed")), group, test);
            if (pkcs8.Length > 0)
                SignsOrRefuses(() => MLDsaManaged.ImportPkcs8PrivateKey(pkcs8), group, test);
            tally.Add(test);
        }

        tally.ShouldBe(
            ("valid ValidSignature", 11),
            ("valid ManySteps ValidSignature", 48),
            ("valid BoundaryCondition ValidSignature", 11),
            ("valid BoundaryCondition Internal ValidSignature", 5),
            ("valid Internal ManySteps ValidSignature", 5),
            ("valid BoundaryCondition", 13),
            ("valid Internal ValidSignature", 7),
            ("valid Randomized ValidSignature", 1),
            ("invalid InvalidContext", 1),
            ("invalid IncorrectPrivateKeyLength", 3));
    }

    [VectorsFact(DsaSignExpanded)]
    public void MLDsa_signature_with_an_expanded_key()
    {
        Tally tally = new();
        foreach ((JsonElement group, JsonElement test) in Cases(DsaSignExpanded))
        {
            SignsOrRefuses(() => MLDsaManaged.ImportMLDsaPrivateKey(_dsa, group.Hex("privateKey")), group, test);
            tally.Add(test);
        }

        tally.ShouldBe(
            ("valid ValidSignature", 4),
            ("valid ManySteps ValidSignature", 48),
            ("valid BoundaryCondition ValidSignature", 10),
            ("valid BoundaryCondition Internal ValidSignature", 5),
            ("valid Internal ManySteps ValidSignature", 5),
            ("valid Randomized ValidSignature", 1),
            ("invalid InvalidContext", 1),
            ("invalid IncorrectPrivateKeyLength", 2),
            ("invalid InvalidPrivateKey", 2));
    }

    [VectorsFact(DsaVerify)]
    public void MLDsa_verification()
    {
        Tally tally = new();
        foreach ((JsonElement group, JsonElement test) in Cases(DsaVerify))
        {
            bool valid = IsValid(test);
            Accepts(() => MLDsaManaged.ImportMLDsaPublicKey(_dsa, group.Hex("publicKey")), test).Should().Be(valid, Id(test));
            Accepts(() => MLDsaManaged.ImportSubjectPublicKeyInfo(group.Hex("publicKeyDer")), test).Should().Be(valid, Id(test));
            tally.Add(test);
        }

        tally.ShouldBe(
            ("valid ValidSignature", 4),
            ("valid ManySteps ValidSignature", 48),
            ("valid BoundaryCondition ValidSignature", 10),
            ("valid InvalidPrivateKey ValidSignature", 2),
            ("valid ValidSignature ZeroPublicKey", 1),
            ("valid BoundaryCondition", 13),
            ("valid BoundaryCondition ValidSignature ZeroPublicKey", 1),
            ("invalid", 1),
            ("invalid InvalidContext", 5),
            ("invalid IncorrectSignatureLength", 3),
            ("invalid ModifiedSignature", 8),
            ("invalid InvalidHintsEncoding", 9),
            ("invalid IncorrectPublicKeyLength", 4),
            ("invalid InfinityNormViolation", 50),
            ("invalid BoundaryCondition InfinityNormViolation", 2),
            ("invalid BoundaryCondition InvalidSignature ZeroPublicKey", 49));
    }

    private static void SignsOrRefuses(Func<MLDsaManaged> import, JsonElement group, JsonElement test)
    {
        if (!IsValid(test))
        {
            Refuses(
                () =>
                {
                    using MLDsaManaged key = import();
                    key.SignData(test.Hex("msg"), HexOrEmpty(test, "ctx"));
                },
                test);
            return;
        }

        using MLDsaManaged key = import();
        key.ExportMLDsaPublicKey().Should().Equal(group.Hex("publicKey"), Id(test));
        byte[] mu = test.Hex("mu");
        if (test.TryGetProperty("msg", out _))
        {
            byte[] computed = new byte[mu.Length];
            key.ComputeMu(test.Hex("msg"), HexOrEmpty(test, "ctx"), computed);
            computed.Should().Equal(mu, Id(test));
        }

        byte[] randomness = test.TryGetProperty("rnd", out _) ? test.Hex("rnd") : new byte[32];
        byte[] signature = new byte[_dsa.SignatureSizeInBytes];
        key.SignMuDeterministicForTesting(mu, randomness, signature);
        signature.Should().Equal(test.Hex("sig"), Id(test));
        key.VerifyMu(mu, signature).Should().BeTrue(Id(test));
    }

    /// <summary>A refusal of key or context is an exception, that of a signature an answer.</summary>
    private static bool Accepts(Func<MLDsaManaged> import, JsonElement test)
    {
        try
        {
            using MLDsaManaged key = import();
            return key.VerifyData(test.Hex("msg"), test.Hex("sig"), HexOrEmpty(test, "ctx"));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}
