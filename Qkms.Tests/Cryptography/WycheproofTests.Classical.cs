namespace Qkms.Tests.Cryptography;

/// <summary>ECDSA, Ed25519, RSA and HMAC, whose files are optional. The platform and BouncyCastle compute with them.</summary>
public sealed partial class WycheproofTests
{
    // By this the gate leaves them out where their files are not.
    private const string Vectors = "Vectors";
    private const string Optional = "optional";

    [Trait(Vectors, Optional)]
    [TheoryIf(Requirement.Wycheproof,
        "wycheproof/ecdsa_secp256r1_sha256_test.json",
        "wycheproof/ecdsa_secp256r1_sha512_test.json",
        "wycheproof/ecdsa_secp384r1_sha256_test.json",
        "wycheproof/ecdsa_secp384r1_sha384_test.json",
        "wycheproof/ecdsa_secp384r1_sha512_test.json",
        "wycheproof/ecdsa_secp521r1_sha512_test.json")]
    [InlineData(256, 256, 174, 310)]
    [InlineData(256, 512, 243, 311)]
    [InlineData(384, 256, 162, 310)]
    [InlineData(384, 384, 194, 310)]
    [InlineData(384, 512, 231, 311)]
    [InlineData(521, 512, 232, 310)]
    public void Ecdsa_signature(int curve, int hash, int valid, int invalid)
    {
        SignatureParameters parameters = VectorKeys.With(VectorKeys.Hash($"SHA-{hash}"));
        ShouldVerify($"ecdsa_secp{curve}r1_sha{hash}_test", valid, invalid, (group, test) =>
        {
            using EcdsaKey key = VectorKeys.Ecdsa($"EC-P{curve}", group.Hex("publicKeyDer"));
            return key.Verifies(test.Hex("msg"), test.Hex("sig"), parameters);
        });
    }

    [Trait(Vectors, Optional)]
    [FactIf(Requirement.Wycheproof, "wycheproof/ed25519_test.json")]
    public void Ed25519_signature() => ShouldVerify("ed25519_test", 88, 63, (group, test) =>
    {
        using Ed25519Key key = VectorKeys.Ed25519(group.GetProperty("publicKey").Hex("pk"));
        return key.Verifies(test.Hex("msg"), test.Hex("sig"), default);
    });

    /// <summary>What Wycheproof calls acceptable leaves out the NULL that RFC 8017 asks for.</summary>
    [Trait(Vectors, Optional)]
    [TheoryIf(Requirement.Wycheproof,
        "wycheproof/rsa_signature_2048_sha256_test.json",
        "wycheproof/rsa_signature_2048_sha384_test.json",
        "wycheproof/rsa_signature_2048_sha512_test.json",
        "wycheproof/rsa_signature_3072_sha256_test.json",
        "wycheproof/rsa_signature_3072_sha384_test.json",
        "wycheproof/rsa_signature_3072_sha512_test.json",
        "wycheproof/rsa_signature_4096_sha256_test.json",
        "wycheproof/rsa_signature_4096_sha384_test.json",
        "wycheproof/rsa_signature_4096_sha512_test.json")]
    [InlineData(2048, 256, 9, 249)]
    [InlineData(2048, 384, 7, 250)]
    [InlineData(2048, 512, 8, 250)]
    [InlineData(3072, 256, 8, 250)]
    [InlineData(3072, 384, 7, 251)]
    [InlineData(3072, 512, 8, 251)]
    [InlineData(4096, 256, 7, 250)]
    [InlineData(4096, 384, 7, 251)]
    [InlineData(4096, 512, 7, 251)]
    public void Rsa_signature_with_pkcs1(int bits, int hash, int valid, int invalid)
    {
        SignatureParameters parameters = VectorKeys.With(VectorKeys.Hash($"SHA-{hash}"), SignaturePadding.Pkcs1);
        ShouldVerify($"rsa_signature_{bits}_sha{hash}_test", valid, invalid + 1, (group, test) =>
        {
            using RsaKey key = VectorKeys.Rsa(group.Hex("publicKeyDer"));
            return key.Verifies(test.Hex("msg"), test.Hex("sig"), parameters);
        });
    }

    [Trait(Vectors, Optional)]
    [TheoryIf(Requirement.Wycheproof,
        "wycheproof/rsa_pkcs1_2048_sig_gen_test.json",
        "wycheproof/rsa_pkcs1_3072_sig_gen_test.json",
        "wycheproof/rsa_pkcs1_4096_sig_gen_test.json")]
    [InlineData(2048, 27)]
    [InlineData(3072, 26)]
    [InlineData(4096, 24)]
    public void Rsa_makes_signatures_with_pkcs1(int bits, int count)
    {
        int made = 0;
        foreach ((JsonElement group, JsonElement test) in Cases($"wycheproof/rsa_pkcs1_{bits}_sig_gen_test.json"))
        {
            if (!SignatureHash.TryParse(group.GetProperty("sha").GetString(), out SignatureHash? hash))
                continue;

            using RsaKey key = VectorKeys.Load<RsaKey>($"RSA-{bits}", group.Hex("privateKeyPkcs8"));
            key.Sign(test.Hex("msg"), VectorKeys.With(hash, SignaturePadding.Pkcs1)).Should().Equal(test.Hex("sig"), Id(test));
            made++;
        }

        made.Should().Be(count);
    }

    [Trait(Vectors, Optional)]
    [TheoryIf(Requirement.Wycheproof,
        "wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json",
        "wycheproof/rsa_pss_2048_sha384_mgf1_48_test.json",
        "wycheproof/rsa_pss_3072_sha256_mgf1_32_test.json",
        "wycheproof/rsa_pss_4096_sha256_mgf1_32_test.json",
        "wycheproof/rsa_pss_4096_sha384_mgf1_48_test.json",
        "wycheproof/rsa_pss_4096_sha512_mgf1_64_test.json")]
    [InlineData("2048_sha256_mgf1_32", 63, 45)]
    [InlineData("2048_sha384_mgf1_48", 95, 46)]
    [InlineData("3072_sha256_mgf1_32", 63, 45)]
    [InlineData("4096_sha256_mgf1_32", 63, 45)]
    [InlineData("4096_sha384_mgf1_48", 95, 46)]
    [InlineData("4096_sha512_mgf1_64", 132, 47)]
    public void Rsa_signature_with_pss(string file, int valid, int invalid) =>
        ShouldVerify($"rsa_pss_{file}_test", valid, invalid, VerifiesWithPss);

    /// <summary>
    /// Qkms takes a salt as long as the hash, and the hash for MGF1 too: another choice, right in itself, is none. One case is the other
    /// way round: it is wrong because its salt is as long as the hash.
    /// </summary>
    [Trait(Vectors, Optional)]
    [TheoryIf(Requirement.Wycheproof,
        "wycheproof/rsa_pss_2048_sha256_mgf1_0_test.json",
        "wycheproof/rsa_pss_2048_sha256_mgf1sha1_20_test.json",
        "wycheproof/rsa_pss_4096_sha512_mgf1_32_test.json")]
    [InlineData("2048_sha256_mgf1_0", "case 69, s_len changed to 32", 103)]
    [InlineData("2048_sha256_mgf1sha1_20", null, 108)]
    [InlineData("4096_sha512_mgf1_32", null, 177)]
    public void Rsa_signature_with_other_parameters_of_pss_is_refused(string file, string? ours, int count)
    {
        int cases = 0;
        foreach ((JsonElement group, JsonElement test) in Cases($"wycheproof/rsa_pss_{file}_test.json"))
        {
            VerifiesWithPss(group, test).Should().Be(Id(test) == ours, Id(test));
            cases++;
        }

        cases.Should().Be(count);
    }

    /// <summary>Every choice of two hashes and a salt: of those with a hash that Qkms signs with, it takes one in thirty.</summary>
    [Trait(Vectors, Optional)]
    [FactIf(Requirement.Wycheproof, "wycheproof/rsa_pss_misc_test.json")]
    public void Rsa_signature_with_every_choice_of_pss()
    {
        int taken = 0;
        foreach ((JsonElement group, JsonElement test) in Cases("wycheproof/rsa_pss_misc_test.json"))
        {
            if (!SignatureHash.TryParse(group.GetProperty("sha").GetString(), out SignatureHash? hash))
                continue;

            bool isOurs = group.GetProperty("mgfSha").GetString() == hash.Name && group.GetProperty("sLen").GetInt32() == hash.Length;
            VerifiesWithPss(group, test).Should().Be(isOurs, Id(test));
            taken += isOurs ? 1 : 0;
        }

        taken.Should().Be(3);
    }

    /// <summary>What has a label does not open: Qkms has none.</summary>
    [Trait(Vectors, Optional)]
    [TheoryIf(Requirement.Wycheproof,
        "wycheproof/rsa_oaep_2048_sha1_mgf1sha1_test.json",
        "wycheproof/rsa_oaep_2048_sha256_mgf1sha256_test.json",
        "wycheproof/rsa_oaep_2048_sha384_mgf1sha384_test.json",
        "wycheproof/rsa_oaep_2048_sha512_mgf1sha512_test.json",
        "wycheproof/rsa_oaep_3072_sha256_mgf1sha256_test.json",
        "wycheproof/rsa_oaep_3072_sha512_mgf1sha512_test.json",
        "wycheproof/rsa_oaep_4096_sha256_mgf1sha256_test.json",
        "wycheproof/rsa_oaep_4096_sha512_mgf1sha512_test.json",
        "wycheproof/rsa_oaep_2048_sha256_mgf1sha1_test.json",
        "wycheproof/rsa_oaep_2048_sha384_mgf1sha1_test.json",
        "wycheproof/rsa_oaep_2048_sha512_mgf1sha1_test.json",
        "wycheproof/rsa_oaep_3072_sha256_mgf1sha1_test.json",
        "wycheproof/rsa_oaep_3072_sha512_mgf1sha1_test.json",
        "wycheproof/rsa_oaep_4096_sha256_mgf1sha1_test.json",
        "wycheproof/rsa_oaep_4096_sha512_mgf1sha1_test.json",
        "wycheproof/rsa_oaep_misc_test.json")]
    [InlineData("2048_sha1_mgf1sha1", 10, 26)]
    [InlineData("2048_sha256_mgf1sha256", 10, 27)]
    [InlineData("2048_sha384_mgf1sha384", 10, 24)]
    [InlineData("2048_sha512_mgf1sha512", 10, 23)]
    [InlineData("3072_sha256_mgf1sha256", 10, 27)]
    [InlineData("3072_sha512_mgf1sha512", 10, 23)]
    [InlineData("4096_sha256_mgf1sha256", 10, 27)]
    [InlineData("4096_sha512_mgf1sha512", 10, 26)]
    [InlineData("2048_sha256_mgf1sha1", 0, 31)]
    [InlineData("2048_sha384_mgf1sha1", 0, 31)]
    [InlineData("2048_sha512_mgf1sha1", 0, 31)]
    [InlineData("3072_sha256_mgf1sha1", 0, 32)]
    [InlineData("3072_sha512_mgf1sha1", 0, 31)]
    [InlineData("4096_sha256_mgf1sha1", 0, 32)]
    [InlineData("4096_sha512_mgf1sha1", 0, 31)]
    [InlineData("misc", 36, 144)]
    public void Rsa_oaep(string file, int opened, int refused)
    {
        List<bool> results = [];
        foreach ((JsonElement group, JsonElement test) in Cases($"wycheproof/rsa_oaep_{file}_test.json"))
        {
            string hash = group.GetProperty("sha").GetString()!;
            string algorithm = $"RSA-{group.GetProperty("keySize").GetInt32()}";
            if (!OaepHash.All.Contains(hash) || !KeyAlgorithm.TryParseName(algorithm, out _))
                continue;

            bool opens = test.GetProperty("result").GetString() == "valid"
                && test.GetProperty("label").GetString()!.Length == 0
                && group.GetProperty("mgfSha").GetString() == hash;
            using RsaKey key = VectorKeys.Load<RsaKey>(algorithm, group.Hex("privateKeyPkcs8"), hash);
            byte[]? plaintext = key.Opens(test.Hex("ct"));
            if (opens)
                plaintext.Should().Equal(test.Hex("msg"), Id(test));
            else
                plaintext.Should().BeNull(Id(test));

            results.Add(opens);
        }

        (results.Count(opens => opens), results.Count(opens => !opens)).Should().Be((opened, refused));
    }

    /// <summary>A MAC that was cut is none, though it be right as far as it goes.</summary>
    [Trait(Vectors, Optional)]
    [TheoryIf(Requirement.Wycheproof,
        "wycheproof/hmac_sha256_test.json", "wycheproof/hmac_sha384_test.json", "wycheproof/hmac_sha512_test.json")]
    [InlineData(256)]
    [InlineData(384)]
    [InlineData(512)]
    public void Hmac(int hash)
    {
        Dictionary<(bool IsWhole, bool IsRight), int> counts = [];
        foreach ((JsonElement group, JsonElement test) in Cases($"wycheproof/hmac_sha{hash}_test.json"))
        {
            (bool isWhole, bool isRight) = (group.GetProperty("tagSize").GetInt32() == hash, IsValid(test));
            using HmacKey key = VectorKeys.Load<HmacKey>($"HMAC-{hash}", test.Hex("key"));
            (byte[] message, byte[] tag) = (test.Hex("msg"), test.Hex("tag"));
            key.VerifyMac(message, tag).Should().Be(isWhole && isRight, Id(test));
            key.GenerateMac(message)[..tag.Length].AsSpan().SequenceEqual(tag).Should().Be(isRight, Id(test));
            counts[(isWhole, isRight)] = counts.GetValueOrDefault((isWhole, isRight)) + 1;
        }

        counts.Should().BeEquivalentTo(new Dictionary<(bool, bool), int>
        {
            [(true, true)] = 33,
            [(true, false)] = 54,
            [(false, true)] = 33,
            [(false, false)] = 54,
        });
    }

    private static bool VerifiesWithPss(JsonElement group, JsonElement test)
    {
        using RsaKey key = VectorKeys.Rsa(group.Hex("publicKeyDer"));
        SignatureHash hash = VectorKeys.Hash(group.GetProperty("sha").GetString()!);
        return key.Verifies(test.Hex("msg"), test.Hex("sig"), VectorKeys.With(hash, SignaturePadding.Pss));
    }

    private static void ShouldVerify(string file, int valid, int invalid, Func<JsonElement, JsonElement, bool> verify)
    {
        List<bool> results = [];
        foreach ((JsonElement group, JsonElement test) in Cases($"wycheproof/{file}.json"))
        {
            bool verifies = test.GetProperty("result").GetString() == "valid";
            verify(group, test).Should().Be(verifies, Id(test));
            results.Add(verifies);
        }

        (results.Count(verifies => verifies), results.Count(verifies => !verifies)).Should().Be((valid, invalid));
    }
}
