using System.Buffers.Text;
using Qkms.Core.Cryptography.BouncyCastle;

namespace Qkms.Tests.Signatures;

/// <summary>E-14: ECDSA on P-256, P-384 and P-521 over HTTP, and the answers of RFC 6979.</summary>
public sealed class EcdsaTests : ServiceTests
{
    private const DSASignatureFormat Der = DSASignatureFormat.Rfc3279DerSequence;

    private static readonly byte[] _message = "to be or not to be"u8.ToArray();

    // RFC 6979, appendices A.2.5 to A.2.7: "sample" with the hash of each curve; r and s here in DER, the key in SubjectPublicKeyInfo.
    [Theory]
    [InlineData(
        "EC-P256",
        "3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
        "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022100f7cb1c942d657c41d436c7a1b6e29f65f3e900db"
            + "b9aff4064dc4ab2f843acda8")]
    [InlineData(
        "EC-P384",
        "3076301006072a8648ce3d020106052b8104002203620004ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea"
            + "9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd25"
            + "33264720",
        "306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe4602310099ef4aeb"
            + "15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8")]
    [InlineData(
        "EC-P521",
        "30819b301006072a8648ce3d020106052b81040023038186000401894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd3711"
            + "23d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a400493101c962cd4d2fddf782285e64584139c2f91b47f87f"
            + "f82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5",
        "308187024200c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455c"
            + "c91f9b15bf05ec36e377fa0241617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8"
            + "c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a")]
    public void Signatures_of_the_RFC_are_valid_with_the_hash_of_the_curve(string algorithm, string publicKey, string signature)
    {
        var platform = ECDsa.Create();
        platform.ImportSubjectPublicKeyInfo(Convert.FromHexString(publicKey), out _);
        using EcdsaKey key = new(KeyAlgorithm.FromStored(algorithm), platform, 128);
        byte[] made = Convert.FromHexString(signature);

        key.PublicKey.ToArray().Should().Equal(Convert.FromHexString(publicKey));
        key.Verify("sample"u8, new SignatureParameters([], null, null), made).Should().BeTrue();
        key.Verify("sampl"u8, new SignatureParameters([], null, null), made).Should().BeFalse();
        foreach (SignatureHash hash in SignatureHash.All)
        {
            key.VerifyHash(
                CryptographicOperations.HashData(hash.PlatformName, "sample"u8), new HashParameters(hash, [], null), made)
                .Should().Be(hash == KeyAlgorithm.FromStored(algorithm).SignatureHash, hash.Name);
        }
    }

    /// <summary>E-14: signed by Qkms and verified by another implementation of the curve, as message and as hash, with each hash.</summary>
    [Theory]
    [InlineData("EC-P256", "P-256", "ES256", "SHA-256", 32)]
    [InlineData("EC-P384", "P-384", "ES384", "SHA-384", 48)]
    [InlineData("EC-P521", "P-521", "ES512", "SHA-512", 66)]
    public async Task Messages_and_hashes_are_signed_and_verified(string algorithm, string curve, string jose, string own, int size)
    {
        await ShareServiceAsync();
        Answer made = await Client.GenerateAsync(algorithm);
        string kid = made.Text("kid");
        using ECDsa publicKey = ECDsa.Create();
        publicKey.ImportSubjectPublicKeyInfo(made.Bytes("public_key"), out _);
        made.Text("use").Should().Be("sig");

        foreach (string? hash in new[] { null, "SHA-256", "SHA-384", "SHA-512" })
        {
            string used = hash ?? own;
            HashAlgorithmName name = new(used.Replace("-", "", StringComparison.Ordinal));
            byte[] digest = CryptographicOperations.HashData(name, _message);
            Answer signed = await Client.MustUseAsync("/signature/sign", new { message = _message, algorithm, hash_algorithm = hash });
            Answer ofHash = await Client.MustUseAsync("/signature/sign-hash", new { hash = digest, hash_algorithm = used, kid });

            foreach (Answer answer in new[] { signed, ofHash })
            {
                byte[] signature = answer.Bytes("signature");
                answer.Text("hash_algorithm").Should().Be(used);
                answer.Data.AsObject().ContainsKey("padding").Should().BeFalse();
                publicKey.VerifyData(_message, signature, name, Der).Should().BeTrue();
                publicKey.VerifyData("another"u8, signature, name, Der).Should().BeFalse();
                await ShouldVerifyAsync("/signature/verify", new { message = _message, signature, kid, hash_algorithm = hash }, true);
                await ShouldVerifyAsync("/signature/verify-hash", new { hash = digest, signature, kid, hash_algorithm = used }, true);
                await ShouldVerifyAsync("/signature/verify", new { message = digest, signature, kid, hash_algorithm = hash }, false);
                await ShouldVerifyAsync(
                    "/signature/verify-hash", new { hash = new byte[digest.Length], signature, kid, hash_algorithm = used }, false);
            }
        }

        byte[] elsewhere = await SignElsewhereAsync(kid);
        await ShouldVerifyAsync("/signature/verify", new { message = _message, signature = elsewhere, algorithm }, false);
        JsonNode jwk = JsonNode.Parse(await Client.GetStringAsync($"/kms/keys/{kid}/public-key?format=jwk"))!;
        ECParameters point = publicKey.ExportParameters(includePrivateParameters: false);
        (((string)jwk["kty"]!, (string)jwk["crv"]!, (string)jwk["alg"]!)).Should().Be(("EC", curve, jose));
        Base64Url.DecodeFromChars((string)jwk["x"]!).Should().Equal(point.Q.X).And.HaveCount(size);
        Base64Url.DecodeFromChars((string)jwk["y"]!).Should().Equal(point.Q.Y).And.HaveCount(size);
    }

    /// <summary>A rotated key's signatures are valid by name, and a wrong one of any length or form is not.</summary>
    [Fact]
    public async Task Older_versions_verify_and_malformed_signatures_are_not_valid()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("EC-P384");
        byte[] signature = (await Client.MustUseAsync("/signature/sign", new { message = _message, algorithm = "EC-P384" }))
            .Bytes("signature");
        await Client.RotateAsync("EC-P384");

        Answer verified = await Client.MustUseAsync("/signature/verify", new { message = _message, signature, algorithm = "EC-P384" });
        ((bool)verified.Data["valid"]!).Should().BeTrue();
        ((int)verified.Data["key_version"]!).Should().Be(1);
        byte[] trailing = [.. signature, 0];
        byte[] longForm = [0x30, 0x81, .. signature.AsSpan(1)];
        foreach (byte[] wrong in new[] { [], new byte[8], signature[..^1], trailing, longForm, new byte[96], new byte[5000] })
            await ShouldVerifyAsync("/signature/verify", new { message = _message, signature = wrong, algorithm = "EC-P384" }, false);
    }

    /// <summary>A hash weaker than the curve is warned of, also where the message is sent.</summary>
    [Theory]
    [InlineData("EC-P256", "SHA-256", false)]
    [InlineData("EC-P384", "SHA-256", true)]
    [InlineData("EC-P521", "SHA-384", true)]
    [InlineData("EC-P521", "SHA-512", false)]
    public async Task A_weak_hash_is_warned_of(string algorithm, string hash, bool weak)
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(algorithm);
        foreach (object request in new object[]
        {
            new { message = _message, algorithm, hash_algorithm = hash },
            new { items = new[] { new { message = _message } }, algorithm, hash_algorithm = hash },
        })
        {
            Answer signed = await Client.MustUseAsync("/signature/sign", request);
            string[] warnings = [.. (signed.Data["warnings"]?.AsArray() ?? []).Select(warning => (string)warning!)];
            if (weak)
                warnings.Should().ContainSingle().Which.Should().StartWith($"{hash} is weaker than {algorithm} (FIPS 186-5");
            else
                warnings.Should().BeEmpty();
        }
    }

    [Fact]
    public async Task A_context_and_a_padding_are_refused()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync("EC-P256")).Text("kid");
        foreach ((string route, object input) in new (string, object)[]
        {
            ("/signature/sign", new { message = _message, kid }),
            ("/signature/sign-hash", new { hash = new byte[32], hash_algorithm = "SHA-256", kid }),
        })
        {
            (await Client.UseAsync(route, input, new { signature_context = new byte[1] })).ShouldBlame("signature_context");
            (await Client.UseAsync(route, input, new { padding = "pss" })).ShouldBlame("padding");
        }

        (await Client.UseAsync("/crypto/encrypt", new { plaintext = _message, algorithm = "EC-P256" }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
    }

    /// <summary>A key that signs for another public key than its own, or on another curve than it says, is not stored.</summary>
    [Fact]
    public void A_key_that_BouncyCastle_does_not_agree_with_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var otherCurve = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
        byte[] own = key.ExportSubjectPublicKeyInfo();

        EcdsaOpinion.Confirm(key, own, "EC-P256");
        key.Invoking(k => EcdsaOpinion.Confirm(k, other.ExportSubjectPublicKeyInfo(), "EC-P256")).Should().Throw<EngineFaultException>();
        otherCurve.Invoking(k => EcdsaOpinion.Confirm(k, otherCurve.ExportSubjectPublicKeyInfo(), "EC-P256"))
            .Should().Throw<EngineFaultException>();
        own[^1] ^= 1;
        key.Invoking(k => EcdsaOpinion.Confirm(k, own, "EC-P256")).Should().Throw<EngineFaultException>();
    }

    /// <summary>A number without the zero before its high bit is negative in DER, and no second form of the same signature.</summary>
    [Fact]
    public void A_signature_with_a_negative_number_is_not_valid()
    {
        using EcdsaKey key = new(KeyAlgorithm.FromStored("EC-P256"), ECDsa.Create(ECCurve.NamedCurves.nistP256), 128);
        SignatureParameters parameters = new([], null, null);
        byte[] signature = key.Sign(_message, parameters);

        // r has a high bit every other time.
        while (signature[3] != 33)
            signature = key.Sign(_message, parameters);

        key.Verify(_message, parameters, signature).Should().BeTrue();
        byte[] negative = [0x30, (byte)(signature[1] - 1), 0x02, 32, .. signature.AsSpan(5)];
        key.Verify(_message, parameters, negative).Should().BeFalse();
        key.VerifyHash(SHA256.HashData(_message), new HashParameters(SignatureHash.Sha256, [], null), negative).Should().BeFalse();
    }

    private async Task<byte[]> SignElsewhereAsync(string kid)
    {
        Answer other = await Client.GenerateAsync("EC-P256", new { name = "elsewhere" });
        other.Text("kid").Should().NotBe(kid);
        return (await Client.MustUseAsync("/signature/sign", new { message = _message, kid = other.Text("kid") })).Bytes("signature");
    }

    private async Task ShouldVerifyAsync(string route, object request, bool valid) =>
        ((bool)(await Client.MustUseAsync(route, request)).Data["valid"]!).Should().Be(valid);
}
