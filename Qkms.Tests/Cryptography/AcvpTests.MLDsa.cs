using System.Security.Cryptography;
using System.Text.Json;
using Qkms.Core.Cryptography.Fips204;
using Qkms.Tests.Support;

namespace Qkms.Tests.Cryptography;

/// <summary>NIST ACVP vectors for ML-DSA. Signatures are of the internal interface: the message is M' already and has no context prefix.</summary>
public sealed partial class AcvpTests
{
    private const string DsaKeyGen = "acvp/ml-dsa-key-gen.json";
    private const string DsaSigGen = "acvp/ml-dsa-sig-gen.json";
    private const string DsaSigVer = "acvp/ml-dsa-sig-ver.json";

    [VectorsFact(DsaKeyGen)]
    public void MLDsa_key_generation()
    {
        int passed = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(DsaKeyGen))
        {
            MLDsaAlgorithm algorithm = Algorithms.MLDsa(group.GetProperty("parameterSet").GetString()!);
            using var key = MLDsaManaged.ImportMLDsaPrivateSeed(algorithm, test.Hex("seed"));
            key.ExportMLDsaPublicKey().Should().Equal(test.Hex("pk"), "case {0}", Id(test));
            key.ExportMLDsaPrivateKey().Should().Equal(test.Hex("sk"), "case {0}", Id(test));

            using var imported = MLDsaManaged.ImportMLDsaPrivateKey(algorithm, test.Hex("sk"));
            imported.ExportMLDsaPublicKey().Should().Equal(test.Hex("pk"), "case {0}", Id(test));
            passed++;
        }

        passed.Should().Be(75);
    }

    [VectorsFact(DsaSigGen)]
    public void MLDsa_signature_generation()
    {
        int deterministic = 0;
        int randomised = 0;
        foreach ((JsonElement group, JsonElement test) in Cases(DsaSigGen))
        {
            MLDsaAlgorithm algorithm = Algorithms.MLDsa(group.GetProperty("parameterSet").GetString()!);
            bool isDeterministic = group.GetProperty("deterministic").GetBoolean();
            using var key = MLDsaManaged.ImportMLDsaPrivateKey(algorithm, test.Hex("sk"));
            byte[] mu = new byte[64];
            key.ComputeFormattedMuForTesting(test.Hex("message"), mu);
            byte[] signature = new byte[algorithm.SignatureSizeInBytes];
            key.SignMuDeterministicForTesting(mu, isDeterministic ? new byte[32] : test.Hex("rnd"), signature);

            signature.Should().Equal(test.Hex("signature"), "case {0}", Id(test));
            key.VerifyMu(mu, signature).Should().BeTrue("case {0}", Id(test));
            if (isDeterministic)
                deterministic++;
            else
                randomised++;
        }

        (deterministic, randomised).Should().Be((30, 30));
    }

    [VectorsFact(DsaSigVer)]
    public void MLDsa_signature_verification()
    {
        int passed = 0;
        var reasons = new Dictionary<(string Reason, bool Valid), int>();
        foreach ((JsonElement group, JsonElement test) in Cases(DsaSigVer))
        {
            MLDsaAlgorithm algorithm = Algorithms.MLDsa(group.GetProperty("parameterSet").GetString()!);
            using var key = MLDsaManaged.ImportMLDsaPublicKey(algorithm, group.Hex("pk"));
            byte[] mu = new byte[64];
            key.ComputeFormattedMuForTesting(test.Hex("message"), mu);

            bool expected = test.GetProperty("testPassed").GetBoolean();
            key.VerifyMu(mu, test.Hex("signature")).Should().Be(expected, "case {0}", Id(test));
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
}
