namespace Qkms.Tests.Signatures;

/// <summary>F-68: RSASSA-PKCS1-v1_5 beside RSASSA-PSS (RFC 8017, section 8).</summary>
public sealed class PaddingTests : SharedServiceTests
{
    private static readonly byte[] _message = "to be or not to be"u8.ToArray();

    /// <summary>F-68: RS256, RS384 and RS512, as every other software has them, and PSS where nothing is said.</summary>
    [Theory]
    [InlineData(null, null)]
    [InlineData("pss", "SHA-384")]
    [InlineData("pkcs1", null)]
    [InlineData("pkcs1", "SHA-256")]
    [InlineData("pkcs1", "SHA-384")]
    [InlineData("pkcs1", "SHA-512")]
    public async Task The_padding_is_the_one_asked_for_and_named_in_the_answer(string? padding, string? hash)
    {
        Answer made = await Client.GenerateAsync("RSA-2048", new { use = "sig" });
        using RSA publicKey = RSA.Create();
        publicKey.ImportSubjectPublicKeyInfo(made.Bytes("public_key"), out _);
        HashAlgorithmName name = new((hash ?? "SHA-256").Replace("-", "", StringComparison.Ordinal));
        bool isPkcs1 = padding == "pkcs1";
        RSASignaturePadding asked = isPkcs1 ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss;
        RSASignaturePadding other = isPkcs1 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
        object choice = new { algorithm = "RSA-2048", hash_algorithm = hash, padding };
        object hashChoice = new { algorithm = "RSA-2048", hash_algorithm = hash ?? "SHA-256", padding };
        byte[] digest = CryptographicOperations.HashData(name, _message);

        Answer signed = await Client.MustUseAsync("/signature/sign", new { message = _message }, choice);
        Answer signedHash = await Client.MustUseAsync("/signature/sign-hash", new { hash = digest }, hashChoice);

        foreach (Answer answer in new[] { signed, signedHash })
        {
            byte[] signature = answer.Bytes("signature");
            answer.Text("padding").Should().Be(padding ?? "pss");
            publicKey.VerifyData(_message, signature, name, asked).Should().BeTrue();
            publicKey.VerifyData(_message, signature, name, other).Should().BeFalse();
            Answer verified = await Client.MustUseAsync("/signature/verify", new { message = _message, signature }, choice);
            ((bool)verified.Data["valid"]!).Should().BeTrue();
            verified.Text("padding").Should().Be(padding ?? "pss");
            ((bool)(await Client.MustUseAsync("/signature/verify-hash", new { hash = digest, signature }, hashChoice)).Data["valid"]!)
                .Should().BeTrue();
            object otherPadding = new { algorithm = "RSA-2048", hash_algorithm = hash ?? "SHA-256", padding = isPkcs1 ? "pss" : "pkcs1" };
            ((bool)(await Client.MustUseAsync("/signature/verify", new { message = _message, signature }, otherPadding)).Data["valid"]!)
                .Should().BeFalse();
        }

        if (isPkcs1)
            signed.Text("signature").Should().Be(signedHash.Text("signature"), "PKCS #1 v1.5 leaves nothing to chance");
    }

    /// <summary>F-68: a word that is none, and algorithms that have no choice.</summary>
    [Fact]
    public async Task Elsewhere_a_padding_is_refused()
    {
        await Client.GenerateAsync("RSA-2048", new { use = "sig" });
        await Client.GenerateAsync("ML-DSA-44");
        await Client.GenerateAsync("Ed25519");

        foreach (string word in new[] { "PKCS1", "oaep", "", "v1.5" })
        {
            (await Client.UseAsync("/signature/sign", new { message = _message, algorithm = "RSA-2048", padding = word }))
                .ShouldBlame("padding");
        }

        foreach (string algorithm in new[] { "ML-DSA-44", "Ed25519" })
        {
            foreach (string padding in new[] { "pss", "pkcs1" })
            {
                (await Client.UseAsync("/signature/sign", new { message = _message, algorithm, padding })).ShouldBlame("padding");
                (await Client.UseAsync("/signature/verify", new { message = _message, signature = "", algorithm, padding }))
                    .ShouldBlame("padding");
            }

            Answer signed = await Client.MustUseAsync("/signature/sign", new { message = _message, algorithm });
            signed.Data.AsObject().ContainsKey("padding").Should().BeFalse();
        }

        (await Client.UseAsync(
            "/signature/sign-hash",
            new { hash = new byte[32], hash_algorithm = "SHA-256", algorithm = "ML-DSA-44", padding = "pss" })).ShouldBlame("padding");
    }
}
