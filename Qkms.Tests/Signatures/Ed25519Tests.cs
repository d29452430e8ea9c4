namespace Qkms.Tests.Signatures;

/// <summary>Ed25519 over HTTP, and the answers of RFC 8032.</summary>
public sealed class Ed25519Tests : ServiceTests
{
    private static readonly byte[] _message = "a message"u8.ToArray();

    // RFC 8032, section 7.1: TEST 1, TEST 2, TEST 3 and TEST SHA(abc).
    [Theory]
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    [InlineData(
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704")]
    public void Signatures_are_those_of_the_RFC(string seed, string publicKey, string message, string signature)
    {
        using Ed25519Key key = new(SecretBytes.CopyOf(Convert.FromHexString(seed)));
        byte[] signed = Convert.FromHexString(message);

        key.PublicKey.ToArray().Should().Equal(Convert.FromHexString(publicKey));
        byte[] made = key.Sign(signed, default);
        Convert.ToHexStringLower(made).Should().Be(signature);
        key.Verify(signed, default, made).Should().BeTrue();
        key.Verify([.. signed, 0], default, made).Should().BeFalse();
    }

    // RFC 8032, section 5.1.7: S must be below L, or every signature would have others beside it.
    [Fact]
    public void A_signature_with_a_multiple_of_the_order_added_is_not_valid()
    {
        using Ed25519Key key = new(SecretBytes.Random(32));
        byte[] signature = key.Sign(_message, default);
        System.Numerics.BigInteger order = (System.Numerics.BigInteger.One << 252)
            + System.Numerics.BigInteger.Parse("27742317777372353535851937790883648493");
        System.Numerics.BigInteger s = new(signature.AsSpan(32), isUnsigned: true);
        (s + order).ToByteArray(isUnsigned: true).CopyTo(signature, 32);

        key.Verify(_message, default, signature).Should().BeFalse();
        s.ToByteArray(isUnsigned: true).CopyTo(signature.AsSpan(32));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(65)]
    [InlineData(5000)]
    public async Task A_signature_of_another_length_is_not_valid(int length)
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync("Ed25519")).Text("kid");
        Answer verified = await Client.MustUseAsync(
            "/signature/verify", new { message = _message, signature = new byte[length] }, new { kid });
        ((bool)verified.Data["valid"]!).Should().BeFalse();
    }

    [Fact]
    public async Task A_message_is_signed_and_verified()
    {
        await ShareServiceAsync();
        Answer made = await Client.GenerateAsync("Ed25519");
        made.Bytes("public_key").Should().HaveCount(32);
        byte[] signature = (await Client.MustUseAsync("/signature/sign", new { message = _message, algorithm = "Ed25519" }))
            .Bytes("signature");

        signature.Should().HaveCount(64);
        foreach ((byte[] message, bool valid) in new[] { (_message, true), ("another"u8.ToArray(), false) })
        {
            Answer verified = await Client.MustUseAsync("/signature/verify", new { message, signature, algorithm = "Ed25519" });
            ((bool)verified.Data["valid"]!).Should().Be(valid);
        }
    }

    [Fact]
    public async Task A_hash_function_and_a_context_are_refused()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync("Ed25519")).Text("kid");
        (await Client.UseAsync("/signature/sign", new { message = _message, hash_algorithm = "SHA-512", kid }))
            .ShouldBlame("hash_algorithm");
        (await Client.UseAsync("/signature/sign", new { message = _message, signature_context = new byte[1], kid }))
            .ShouldBlame("signature_context");
    }

    [Fact]
    public async Task A_hash_is_not_signed()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync("Ed25519")).Text("kid");
        object hashed = new { hash = new byte[32], hash_algorithm = "SHA-256", kid };

        (await Client.UseAsync("/signature/sign-hash", hashed)).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001")
            .Body.Should().Contain("Ed25519 keys sign messages, not hashes.");
        (await Client.UseAsync("/signature/verify-hash", hashed, new { signature = new byte[64] }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        (await Client.UseAsync("/crypto/encrypt", new { plaintext = _message, algorithm = "Ed25519" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
    }

    [Fact]
    public async Task A_stored_key_signs_after_a_restart()
    {
        string kid = (await Client.GenerateAsync("Ed25519")).Text("kid");
        byte[] signature = (await Client.MustUseAsync("/signature/sign", new { message = _message, kid })).Bytes("signature");

        App.Services.GetRequiredService<Core.Uses.MaterialCache>().Drop(await IdOfAsync(kid));

        (await Client.MustUseAsync("/signature/sign", new { message = _message, kid })).Bytes("signature").Should().Equal(signature);
    }

    private async Task<KeyVersionId> IdOfAsync(string kid)
    {
        (KeyVersion version, _, Core.Sealing.WrappingKey tenantKey) = await Support.Materials.FindAsync(App, kid);
        tenantKey.Dispose();
        return version.Id;
    }
}
