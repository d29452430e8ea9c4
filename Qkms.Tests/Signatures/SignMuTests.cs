namespace Qkms.Tests.Signatures;

/// <summary>F-68: /signature/sign-mu and /signature/verify-mu: ML-DSA for messages that are too large to send.</summary>
public sealed class SignMuTests : SharedServiceTests
{
    private static readonly byte[] _message = "to be or not to be"u8.ToArray();

    /// <summary>F-68: the signature is that of the message, for everybody who verifies.</summary>
    [Theory]
    [InlineData("ML-DSA-44")]
    [InlineData("ML-DSA-65")]
    [InlineData("ML-DSA-87")]
    public async Task A_signature_of_mu_is_the_signature_of_its_message(string algorithm)
    {
        Answer made = await Client.GenerateAsync(algorithm);
        byte[] publicKey = made.Bytes("public_key");
        using MLDsa outside = new ManagedEngine().ImportMLDsaPublicKey(MLDsaKeys.ParametersOf(algorithm), publicKey);

        foreach (byte[] context in new[] { [], RandomNumberGenerator.GetBytes(255) })
        {
            byte[] mu = MLDsaKeys.Mu(publicKey, context, _message);

            Answer signed = await Client.MustUseAsync("/signature/sign-mu", new { mu, algorithm });

            byte[] signature = signed.Bytes("signature");
            outside.VerifyData(_message, signature, context).Should().BeTrue();
            (await IsValidAsync("/signature/verify", new { message = _message, signature_context = context, signature, algorithm }))
                .Should().BeTrue();
            (await IsValidAsync("/signature/verify-mu", new { mu, signature, algorithm })).Should().BeTrue();
            byte[] ofMessage = (await Client.MustUseAsync(
                "/signature/sign", new { message = _message, signature_context = context, algorithm })).Bytes("signature");
            (await IsValidAsync("/signature/verify-mu", new { mu, signature = ofMessage, algorithm })).Should().BeTrue();

            byte[] other = MLDsaKeys.Mu(publicKey, context, [.. _message, 0]);
            (await IsValidAsync("/signature/verify-mu", new { mu = other, signature, algorithm })).Should().BeFalse();
            (await IsValidAsync("/signature/verify-mu", new { mu, signature = signature[..^1], algorithm })).Should().BeFalse();
        }
    }

    /// <summary>F-68: many at once, and after a rotation by name.</summary>
    [Fact]
    public async Task Items_are_signed_and_verified_and_an_older_version_is_found()
    {
        byte[] publicKey = (await Client.GenerateAsync("ML-DSA-65")).Bytes("public_key");
        byte[][] mus = [.. Enumerable.Range(0, 3).Select(i => MLDsaKeys.Mu(publicKey, [], [(byte)i]))];
        Answer signed = await Client.MustUseAsync("/signature/sign-mu", new { items = mus.Select(mu => new { mu }) });
        string[] signatures = [.. signed.Data["items"]!.AsArray().Select(item => (string)item!["signature"]!)];
        await Client.RotateAsync("ML-DSA-65");

        Answer verified = await Client.MustUseAsync(
            "/signature/verify-mu",
            new { items = new[] { new { mu = mus[0], signature = signatures[0] }, new { mu = mus[1], signature = signatures[2] } } });

        verified.Data["items"]!.AsArray().Select(item => (bool)item!["valid"]!).Should().Equal(true, false);
        ((int)verified.Data["items"]![0]!["key_version"]!).Should().Be(1);
        signatures.Should().HaveCount(3);
    }

    /// <summary>F-68: only ML-DSA has a mu, of 64 bytes.</summary>
    [Fact]
    public async Task What_is_no_mu_or_no_key_for_it_is_refused()
    {
        await Client.GenerateAsync("ML-DSA-65");
        await Client.GenerateAsync("Ed25519");
        await Client.GenerateAsync("RSA-2048", new { use = "sig" });

        foreach (int length in new[] { 0, 63, 65 })
        {
            (await Client.UseAsync("/signature/sign-mu", new { mu = new byte[length] })).ShouldBlame("mu");
            (await Client.UseAsync("/signature/verify-mu", new { items = new[] { new { mu = new byte[length], signature = "" } } }))
                .ShouldBlame("items[0].mu");
        }

        (await Client.UseAsync("/signature/sign-mu", new { })).ShouldBlame("mu");
        foreach (string algorithm in new[] { "Ed25519", "RSA-2048" })
        {
            (await Client.UseAsync("/signature/sign-mu", new { mu = new byte[64], algorithm }))
                .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        }
    }

    /// <summary>F-68: an API key that may sign messages or hashes need not be one that signs what it is not shown.</summary>
    [Fact]
    public async Task It_has_permissions_of_its_own()
    {
        await Client.GenerateAsync("ML-DSA-65");
        using HttpClient others = await NarrowedClientAsync(
            "signature:sign signature:sign-hash signature:verify signature:verify-hash");
        using HttpClient own = await NarrowedClientAsync("signature:sign-mu signature:verify-mu");
        byte[] mu = new byte[64];

        string signature = (await own.MustUseAsync("/signature/sign-mu", new { mu })).Text("signature");
        await own.MustUseAsync("/signature/verify-mu", new { mu, signature });
        (await others.UseAsync("/signature/sign-mu", new { mu })).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await others.UseAsync("/signature/verify-mu", new { mu, signature }))
            .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await own.UseAsync("/signature/sign", new { message = mu })).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
    }

    /// <summary>F-68: BouncyCastle takes no mu; the managed engine does it for it, unless the operator is strict.</summary>
    [Theory]
    [InlineData("bouncycastle", false, true)]
    [InlineData("bouncycastle", true, false)]
    [InlineData("managed", true, true)]
    public async Task A_strict_engine_refuses_what_it_does_not_have(string engine, bool strict, bool signs)
    {
        await using QkmsApplication app = new()
        {
            Settings = { ["Qkms:Crypto:Engine"] = engine, ["Qkms:Crypto:StrictEngine"] = strict ? "true" : "false" },
        };
        using HttpClient client = app.Client();
        await client.GenerateAsync("ML-DSA-65");

        Answer signed = await client.UseAsync("/signature/sign-mu", new { mu = new byte[64] });
        Answer verified = await client.UseAsync("/signature/verify-mu", new { mu = new byte[64], signature = new byte[3309] });

        if (signs)
        {
            signed.ShouldBe(HttpStatusCode.OK);
            ((bool)verified.ShouldBe(HttpStatusCode.OK).Data["valid"]!).Should().BeFalse();
            return;
        }

        foreach (Answer answer in new[] { signed, verified })
            answer.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001").Message.Should().Contain("StrictEngine");
    }

    private async Task<bool> IsValidAsync(string route, object body) => (bool)(await Client.MustUseAsync(route, body)).Data["valid"]!;
}
