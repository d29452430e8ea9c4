using Qkms.Tests.Cryptography;
using Qkms.Tests.Signatures;
using ParameterSets = Qkms.Tests.Cryptography.Algorithms;

namespace Qkms.Tests.Encryption;

/// <summary>
/// Signatures of @noble/post-quantum: FIPS 204, Algorithm 2 (pure) and Algorithm 4 (HashML-DSA), without context and with one.
/// </summary>
public sealed class MLDsaFormatVectorTests
{
    private static readonly Dictionary<string, string> _oids = new()
    {
        ["SHA-256"] = "2.16.840.1.101.3.4.2.1",
        ["SHA-384"] = "2.16.840.1.101.3.4.2.2",
        ["SHA-512"] = "2.16.840.1.101.3.4.2.3",
    };

    public static TheoryData<string> Engines => [.. EngineUnderTest.Present.Keys];

    //
    [Theory]
    [MemberData(nameof(Engines))]
    public void Signatures_made_by_other_software_are_valid_in_their_form_only(string engine)
    {
        int verified = 0;
        foreach (JsonElement vector in FormatVectors.MLDsa)
        {
            using MLDsa key = EngineUnderTest.Present[engine].Engine.ImportMLDsaPublicKey(
                ParameterSets.MLDsa(vector.Text("algorithm")), vector.Hex("publicKey"));
            foreach (JsonElement item in vector.GetProperty("signatures").EnumerateArray())
            {
                (byte[] context, byte[] signature) = (item.Hex("context"), item.Hex("signature"));
                string? preHash = item.GetProperty("preHash").GetString();
                bool pure = key.VerifyData(vector.Hex("message"), signature, context);
                pure.Should().Be(preHash is null);
                if (pure)
                {
                    // F-68: mu as docs/formats.md says, and the signature is that of what it stands for.
                    byte[] mu = item.Hex("mu");
                    MLDsaKeys.Mu(vector.Hex("publicKey"), context, vector.Hex("message")).Should().Equal(mu);
                    key.VerifyMu(mu, signature).Should().BeTrue();
                    mu[0] ^= 1;
                    key.VerifyMu(mu, signature).Should().BeFalse();
                }

                if (preHash is not null)
                    key.VerifyPreHash(item.Hex("digest"), signature, _oids[preHash], context).Should().BeTrue();

                key.VerifyData(vector.Hex("message"), signature, context.Append((byte)0).ToArray()).Should().BeFalse();
                verified++;
            }
        }

        verified.Should().Be(12);
    }
}
