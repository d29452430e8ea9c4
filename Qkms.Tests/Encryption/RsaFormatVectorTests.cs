namespace Qkms.Tests.Encryption;

/// <summary>RSA as RFC 8017 says and <c>Interop/rsa.mjs</c> computes: the platform reads <c>docs/formats.md</c> in the same way.</summary>
public sealed class RsaFormatVectorTests : IDisposable
{
    private readonly RSA _key = RSA.Create();

    public RsaFormatVectorTests() => _key.ImportPkcs8PrivateKey(FormatVectors.Rsa.Hex("privateKeyPkcs8"), out _);

    public void Dispose() => _key.Dispose();

    //
    [Fact]
    public void OAEP_has_the_keys_hash_also_in_MGF1_and_an_empty_label()
    {
        JsonElement[] vectors = [.. FormatVectors.Rsa.GetProperty("oaep").EnumerateArray()];
        foreach (JsonElement vector in vectors)
            _key.Decrypt(vector.Hex("ciphertext"), RSAEncryptionPadding.CreateOaep(NameOf(vector))).Should().Equal(vector.Hex("plaintext"));

        vectors.Select(vector => vector.Text("hash")).Should().Equal("SHA-1", "SHA-256", "SHA-384", "SHA-512");
    }

    //
    [Fact]
    public void PSS_has_a_salt_as_long_as_the_hash()
    {
        JsonElement[] vectors = [.. FormatVectors.Rsa.GetProperty("pss").EnumerateArray()];
        foreach (JsonElement vector in vectors)
        {
            _key.VerifyData(vector.Hex("message"), vector.Hex("signature"), NameOf(vector), RSASignaturePadding.Pss).Should().BeTrue();
            _key.VerifyHash(vector.Hex("digest"), vector.Hex("signature"), NameOf(vector), RSASignaturePadding.Pss).Should().BeTrue();
        }

        vectors.Select(vector => vector.Text("hash")).Should().Equal("SHA-256", "SHA-384", "SHA-512");
    }

    /// <summary>F-68: <c>"padding":"pkcs1"</c> as OpenSSL makes it; a message has one signature, so it comes out the same.</summary>
    [Fact]
    public void PKCS1_is_that_of_OpenSSL()
    {
        JsonElement[] vectors = [.. FormatVectors.Rsa.GetProperty("pkcs1").EnumerateArray()];
        foreach (JsonElement vector in vectors)
        {
            (byte[] message, byte[] signature) = (vector.Hex("message"), vector.Hex("signature"));
            _key.VerifyHash(vector.Hex("digest"), signature, NameOf(vector), RSASignaturePadding.Pkcs1).Should().BeTrue();
            _key.VerifyData(message, signature, NameOf(vector), RSASignaturePadding.Pss).Should().BeFalse();
            _key.SignData(message, NameOf(vector), RSASignaturePadding.Pkcs1).Should().Equal(signature);
        }

        vectors.Select(vector => vector.Text("hash")).Should().Equal("SHA-256", "SHA-384", "SHA-512");
    }

    private static HashAlgorithmName NameOf(JsonElement vector) =>
        new(vector.Text("hash").Replace("-", string.Empty, StringComparison.Ordinal));
}
