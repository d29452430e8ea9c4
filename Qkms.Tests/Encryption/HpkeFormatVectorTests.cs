using Qkms.Core.Cryptography.Rfc9180;
using Qkms.Tests.Cryptography;
using ParameterSets = Qkms.Tests.Cryptography.Algorithms;

namespace Qkms.Tests.Encryption;

/// <summary>
/// Ciphertexts that @hpke/core made with @hpke/ml-kem, and the numbers between, which @noble/post-quantum and node:crypto gave.
/// </summary>
public sealed class HpkeFormatVectorTests
{
    private static readonly byte[][] _infos = [[], "qkms/crypto/v1"u8.ToArray(), "qkms/key-wrap/v1"u8.ToArray()];

    public static TheoryData<string, string> EnginesAndSets => HpkeTests.EnginesAndSets;

    //
    [Theory]
    [MemberData(nameof(EnginesAndSets))]
    public void Ciphertexts_made_by_other_software_open(string engine, string set)
    {
        JsonElement vector = FormatVectors.Hpke.Single(vector => vector.Text("algorithm") == set);
        using MLKem key = EngineUnderTest.Present[engine].Engine.ImportMLKemPrivateSeed(ParameterSets.MLKem(set), vector.Hex("seed"));
        key.ExportEncapsulationKey().Should().Equal(vector.Hex("publicKey"));

        int opened = 0;
        foreach (JsonElement message in vector.GetProperty("messages").EnumerateArray())
        {
            byte[] ciphertext = message.Hex("ciphertext");
            byte[] plaintext = new byte[ciphertext.Length - Hpke.Overhead(key.Algorithm)];
            Hpke.TryOpen(key, message.Hex("info"), message.Hex("aad"), ciphertext, plaintext).Should().BeTrue(message.Text("use"));
            plaintext.Should().Equal(message.Hex("plaintext"));

            // Q-42, F-21: what was made by one request does not open as what another made.
            foreach (byte[] other in _infos.Where(info => !info.AsSpan().SequenceEqual(message.Hex("info"))))
                Hpke.TryOpen(key, other, message.Hex("aad"), ciphertext, plaintext).Should().BeFalse(message.Text("use"));

            opened++;
        }

        opened.Should().Be(8);
    }

    /// <summary>
    /// F-21, F-66: each request has its info, and a wrapped key the associated data of its caller; a vector shows both.
    /// </summary>
    [Fact]
    public void Each_request_has_its_info()
    {
        foreach (JsonElement vector in FormatVectors.Hpke)
        {
            JsonElement[] messages = [.. vector.GetProperty("messages").EnumerateArray()];
            foreach (JsonElement message in messages)
            {
                string route = message.Text("use").Split(' ')[0];
                Encoding.UTF8.GetString(message.Hex("info")).Should().Be(
                    route switch { "/crypto/encrypt" => "qkms/crypto/v1", "/kem/key/wrap" => "qkms/key-wrap/v1", _ => "" });
            }

            messages.Single(message => message.Text("use") == "/kem/key/wrap with aad").Hex("aad")
                .Should().Equal("header of the document"u8.ToArray());
        }
    }

    [Fact]
    public void The_key_schedule_has_the_same_numbers_between()
    {
        byte[] suiteId = new byte[KeySchedule.SuiteIdSize];
        byte[] context = new byte[KeySchedule.ContextSize];
        byte[] key = new byte[KeySchedule.KeySize];
        byte[] nonce = new byte[KeySchedule.NonceSize];
        ushort kemId = 0x0040;
        foreach (JsonElement vector in FormatVectors.Hpke)
        {
            KeySchedule.WriteSuiteId(kemId++, suiteId);
            foreach (JsonElement message in vector.GetProperty("messages").EnumerateArray())
            {
                KeySchedule.WriteContext(suiteId, message.Hex("info"), context);
                KeySchedule.Derive(suiteId, context, message.Hex("sharedSecret"), key, nonce);
                key.Should().Equal(message.Hex("key"));
                nonce.Should().Equal(message.Hex("baseNonce"));
            }
        }

        kemId.Should().Be(0x0043);
    }

    /// <summary>/crypto/encrypt authenticates the canonical context, also the one without members: its aad is never empty.</summary>
    [Theory]
    [InlineData("/crypto/encrypt without context", "empty")]
    [InlineData("/crypto/encrypt with the context \"unordered\"", "unordered")]
    [InlineData("/crypto/encrypt with the context \"unordered\"", "ordered")]
    [InlineData("/crypto/encrypt with the context \"supplementary\"", "supplementary")]
    public void The_aad_of_a_context_is_its_canonical_form(string use, string context)
    {
        foreach (JsonElement vector in FormatVectors.Hpke)
        {
            JsonElement message = vector.GetProperty("messages").EnumerateArray().Single(message => message.Text("use") == use);
            FormatVectors.Context(context).Canonical.ToArray().Should().Equal(message.Hex("aad"));
        }
    }
}
