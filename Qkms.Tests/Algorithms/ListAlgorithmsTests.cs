namespace Qkms.Tests.Algorithms;

public sealed class ListAlgorithmsTests : SharedServiceTests
{
    // the figures of FIPS 203 (tables 2 and 3), FIPS 204 (tables 1 and 2) RFC 8017, RFC 8032 and
    // of DER (RFC 3279, RFC 5480).
    [Theory]
    [InlineData("ML-KEM-512", "Kyber512", "AKP", "enc,kem", 1, 800, 768, 32, null, "SUPPORTED", true)]
    [InlineData("ML-KEM-768", "Kyber768", "AKP", "enc,kem", 3, 1184, 1088, 32, null, "RECOMMENDED", true)]
    [InlineData("ML-KEM-1024", "Kyber1024", "AKP", "enc,kem", 5, 1568, 1568, 32, null, "SUPPORTED", true)]
    [InlineData("ML-DSA-44", "Dilithium2", "AKP", "sig", 2, 1312, null, null, 2420, "SUPPORTED", true)]
    [InlineData("ML-DSA-65", "Dilithium3", "AKP", "sig", 3, 1952, null, null, 3309, "RECOMMENDED", true)]
    [InlineData("ML-DSA-87", "Dilithium5", "AKP", "sig", 5, 2592, null, null, 4627, "SUPPORTED", true)]
    [InlineData("RSA-2048", null, "RSA", "enc,sig", null, null, 256, null, 256, "LEGACY", false)]
    [InlineData("RSA-3072", null, "RSA", "enc,sig", null, null, 384, null, 384, "LEGACY", false)]
    [InlineData("RSA-4096", null, "RSA", "enc,sig", null, null, 512, null, 512, "LEGACY", false)]
    [InlineData("EC-P256", null, "EC", "sig", null, 91, null, null, 72, "LEGACY", false)]
    [InlineData("EC-P384", null, "EC", "sig", null, 120, null, null, 104, "LEGACY", false)]
    [InlineData("EC-P521", null, "EC", "sig", null, 158, null, null, 139, "LEGACY", false)]
    [InlineData("Ed25519", null, "OKP", "sig", null, 32, null, null, 64, "LEGACY", false)]
    [InlineData("AES-256", null, "oct", "enc", 5, null, null, null, null, "RECOMMENDED", true)]
    [InlineData("HMAC-256", null, "oct", "sig", null, null, null, null, null, "RECOMMENDED", true)]
    [InlineData("HMAC-384", null, "oct", "sig", null, null, null, null, null, "SUPPORTED", true)]
    [InlineData("HMAC-512", null, "oct", "sig", null, null, null, null, null, "SUPPORTED", true)]
    public async Task The_catalogue_says_what_the_standards_say(
        string name,
        string? alias,
        string kty,
        string use,
        int? level,
        int? publicKey,
        int? ciphertext,
        int? secret,
        int? signature,
        string status,
        bool quantumSafe)
    {
        JsonArray algorithms = (await Client.GetJsonAsync("/kms/supported-algorithms")).Data["algorithms"]!.AsArray();

        algorithms.Should().HaveCount(17);
        JsonNode entry = algorithms.Single(a => (string)a!["algorithm"]! == name)!;
        entry["aliases"]!.AsArray().Select(a => (string)a!).Should().Equal(alias is null ? [] : [alias]);
        ((string)entry["kty"]!).Should().Be(kty);
        string.Join(',', entry["use"]!.AsArray()).Should().Be(use);
        ((int?)entry["nist_level"]).Should().Be(level);
        ((int?)entry["public_key_size"]).Should().Be(publicKey);
        ((int?)entry["ciphertext_size"]).Should().Be(ciphertext);
        ((int?)entry["shared_secret_size"]).Should().Be(secret);
        ((int?)entry["signature_size"]).Should().Be(signature);
        ((string)entry["status"]!).Should().Be(status);
        ((bool)entry["quantum_safe"]!).Should().Be(quantumSafe);
        entry["operations"]!.AsArray().Should().NotBeEmpty();
    }
}
