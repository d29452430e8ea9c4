using Qkms.Core.Cryptography.Rfc9180;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// The key schedule against published numbers. None has HKDF-SHA256 together with AES-256-GCM; with AES-128-GCM only the suite id and the
/// length of the key differ, and both are inputs.
/// </summary>
public sealed class KeyScheduleTests
{
    // RFC 9180, appendix A.1.1 (DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode).
    [Fact]
    public void Rfc9180_appendix_A_1_1()
    {
        byte[] suiteId = Convert.FromHexString("48504b45002000010001");
        byte[] context = new byte[KeySchedule.ContextSize];
        KeySchedule.WriteContext(suiteId, Convert.FromHexString("4f6465206f6e2061204772656369616e2055726e"), context);
        Convert.ToHexStringLower(context).Should().Be(
            "00725611c9d98c07c03f60095cd32d400d8347d45ed67097bbad50fc56da742d07cb6cffde367bb0565ba28bb02c90744a20f5ef37f30523526106f637abb05449");

        DeriveAndOpenFirst(
            suiteId,
            context,
            sharedSecret: "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc",
            key: "4531685d41d65f03dc48f6b8302c05b0",
            nonce: "56d890e5accaaf011cff4b7d",
            plaintext: "4265617574792069732074727574682c20747275746820626561757479",
            ciphertext: "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a");
    }

    // test-vectors.json of draft-ietf-hpke-pq (github.com/hpkewg/hpke-pq, commit 74dafaa), ML-KEM-512 and ML-KEM-768 with HKDF-SHA256
    // and AES-128-GCM. Info and plaintext stand there in hexadecimal twice over, and are taken so.
    [Theory]
    [InlineData(
        "48504b45004000010001",
        "6209eeb3c3fdf8aeba0d285bf0098f4b748bd630f78990f138f9cd0e8023a264",
        "53400b5a4cc75259e3bdb222e1081f56",
        "e4f3c7a0c8f2512c6993dee2",
        "9258af357e97f286bf7b5779f0514184651b4e95f6c02febe3d3cf45536738b0b5d6d1c1fa6ec8a2ed1ec3a14e107736510aa6febe6996b5eb192ed5a6a8c1860b7408992fcb30eb14cb")]
    [InlineData(
        "48504b45004100010001",
        "4f808592f5b6325b866e7d90e48bead8ec36ae17247cf3a1370d46c582dad42e",
        "00fc412edb7a5adc4a2994869d1016ef",
        "2a2bd95954150f73d200005e",
        "4793c6f4dc5824a0039d8faf2d84d359fd6cf423eaeee578bbb7830068ba34b576a6e3f4ba03c5c2c62f2b869224a1c5acf96083cd13bdc3623a47bde544171a72aa684b12a562196785")]
    public void Draft_ietf_hpke_pq(string suiteId, string sharedSecret, string key, string nonce, string ciphertext)
    {
        byte[] suite = Convert.FromHexString(suiteId);
        byte[] context = new byte[KeySchedule.ContextSize];
        KeySchedule.WriteContext(suite, "4f6465206f6e2061204772656369616e2055726e"u8, context);

        DeriveAndOpenFirst(
            suite,
            context,
            sharedSecret,
            key,
            nonce,
            Convert.ToHexStringLower("4265617574792069732074727574682c20747275746820626561757479"u8),
            ciphertext);
    }

    // RFC 9180, section 5.1 and tables 2, 3 and 5; draft-ietf-hpke-pq, section 3.
    [Theory]
    [InlineData(0x0040, "48504b45004000010002")]
    [InlineData(0x0041, "48504b45004100010002")]
    [InlineData(0x0042, "48504b45004200010002")]
    public void The_suite_id_names_the_algorithms(int kemId, string suiteId)
    {
        byte[] written = new byte[KeySchedule.SuiteIdSize];

        KeySchedule.WriteSuiteId((ushort)kemId, written);

        Convert.ToHexStringLower(written).Should().Be(suiteId);
    }

    private static void DeriveAndOpenFirst(
        byte[] suiteId, byte[] context, string sharedSecret, string key, string nonce, string plaintext, string ciphertext)
    {
        byte[] derivedKey = new byte[key.Length / 2];
        byte[] derivedNonce = new byte[KeySchedule.NonceSize];

        KeySchedule.Derive(suiteId, context, Convert.FromHexString(sharedSecret), derivedKey, derivedNonce);

        Convert.ToHexStringLower(derivedKey).Should().Be(key);
        Convert.ToHexStringLower(derivedNonce).Should().Be(nonce);
        byte[] ct = Convert.FromHexString(ciphertext);
        byte[] opened = new byte[ct.Length - 16];
        using AesGcm aes = new(derivedKey, tagSizeInBytes: 16);
        aes.Decrypt(derivedNonce, ct.AsSpan(0, opened.Length), ct.AsSpan(opened.Length), opened, "Count-0"u8);
        Convert.ToHexStringLower(opened).Should().Be(plaintext);
    }
}
