namespace Qkms.Tests.Macs;

/// <summary>E-14: HMAC keys over HTTP, and the answers of RFC 4231.</summary>
public sealed class MacTests : ServiceTests
{
    private static readonly byte[] _message = "to be or not to be"u8.ToArray();

    // RFC 4231, sections 4.2 (test case 1), 4.3 (2) and 4.7 (6: a key longer than the block). Keys of other lengths than Qkms makes.
    [Theory]
    [InlineData(
        "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
        "4869205468657265",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854")]
    [InlineData(
        "4a656665",
        "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737")]
    [InlineData(
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
        "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598")]
    public void Macs_are_those_of_the_RFC(string key, string message, params string[] macs)
    {
        foreach ((SignatureHash hash, string mac) in SignatureHash.All.Zip(macs))
        {
            using HmacKey loaded = new(SecretBytes.CopyOf(Convert.FromHexString(key)), hash);
            byte[] text = Convert.FromHexString(message);

            Convert.ToHexStringLower(loaded.GenerateMac(text)).Should().Be(mac);
            loaded.VerifyMac(text, Convert.FromHexString(mac)).Should().BeTrue();
            loaded.VerifyMac([.. text, 0], Convert.FromHexString(mac)).Should().BeFalse();
        }
    }

    [Theory]
    [InlineData("HMAC-256", 32)]
    [InlineData("HMAC-384", 48)]
    [InlineData("HMAC-512", 64)]
    public async Task A_mac_has_the_length_of_the_hash_and_only_the_whole_one_is_valid(string algorithm, int length)
    {
        Answer made = await Client.GenerateAsync(algorithm);
        made.Data["public_key"].Should().BeNull();
        made.Text("use").Should().Be("sig");
        byte[] secret = await Support.Materials.OpenAsync(App, made.Text("kid"));
        secret.Should().HaveCount(length);

        Answer generated = await Client.MustUseAsync("/mac/generate", new { message = _message, algorithm });
        byte[] mac = generated.Bytes("mac");

        mac.Should().Equal(Hmac(algorithm, secret, _message)).And.HaveCount(length);
        generated.Text("kid").Should().Be(made.Text("kid"));
        (await VerifyAsync(_message, mac)).Should().BeTrue();
        byte[] changed = [.. mac];
        changed[^1] ^= 1;
        foreach (byte[] wrong in new[] { [], mac[..^1], mac[..16], [.. mac, 0], changed, new byte[length], new byte[5000] })
            (await VerifyAsync(_message, wrong)).Should().BeFalse($"{wrong.Length} bytes");
        (await VerifyAsync("another"u8.ToArray(), mac)).Should().BeFalse();

        async Task<bool> VerifyAsync(byte[] message, byte[] given) =>
            (bool)(await Client.MustUseAsync("/mac/verify", new { message, mac = given, algorithm })).Data["valid"]!;
    }

    /// <summary>By name the older versions are tried; a retired version verifies and makes nothing.</summary>
    [Fact]
    public async Task A_retired_version_verifies_and_makes_no_more()
    {
        await ShareServiceAsync();
        string first = (await Client.GenerateAsync("HMAC-256")).Text("kid");
        byte[] mac = (await Client.MustUseAsync("/mac/generate", new { message = _message })).Bytes("mac");
        string second = (await Client.RotateAsync("HMAC-256")).Text("kid");

        Answer byName = await Client.MustUseAsync("/mac/verify", new { message = _message, mac });
        ((bool)byName.Data["valid"]!, byName.Text("kid")).Should().Be((true, first));
        ((bool)(await Client.MustUseAsync("/mac/verify", new { message = _message, mac, kid = first })).Data["valid"]!).Should().BeTrue();
        ((bool)(await Client.MustUseAsync("/mac/verify", new { message = _message, mac, kid = second })).Data["valid"]!).Should().BeFalse();
        (await Client.MustUseAsync("/mac/generate", new { message = _message })).Bytes("mac").Should().NotEqual(mac);
        (await Client.UseAsync("/mac/generate", new { message = _message, kid = first }))
            .ShouldBeRefused(HttpStatusCode.Conflict, KmsErrors.KeyRetired.Code);
        Answer followed = await Client.MustUseAsync("/mac/generate", new { message = _message, kid = first, follow = true });
        followed.Text("kid").Should().Be(second);
    }

    [Fact]
    public async Task A_message_is_required_and_has_a_limit_and_other_keys_make_no_macs()
    {
        await ShareServiceAsync();
        string hmac = (await Client.GenerateAsync("HMAC-256")).Text("kid");
        string aes = (await Client.GenerateAsync("AES-256")).Text("kid");

        (await Client.UseAsync("/mac/generate", new { kid = hmac })).ShouldBlame("message");
        (await Client.UseAsync("/mac/verify", new { kid = hmac, message = _message })).ShouldBlame("mac");
        (await Client.UseAsync("/mac/generate", new { kid = hmac, message = new byte[(1024 * 1024) + 1] })).ShouldBlame("message");
        Answer longest = await Client.MustUseAsync("/mac/generate", new { kid = hmac, message = new byte[1024 * 1024] });
        longest.Bytes("mac").Should().HaveCount(32);
        foreach ((string route, object input) in new (string, object)[]
        {
            ("/mac/generate", new { kid = aes, message = _message }),
            ("/mac/verify", new { kid = aes, message = _message, mac = new byte[32] }),
            ("/signature/sign", new { kid = hmac, message = _message }),
            ("/crypto/encrypt", new { kid = hmac, plaintext = _message }),
        })
        {
            (await Client.UseAsync(route, input)).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        }

        (await Client.GetJsonAsync($"/kms/keys/{hmac}/public-key")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
    }

    /// <summary>Each of the two has a permission of its own, and both are counted and journalled as uses.</summary>
    [Fact]
    public async Task Permissions_are_apart_and_uses_are_counted()
    {
        string kid = (await Client.GenerateAsync("HMAC-512")).Text("kid");
        using HttpClient maker = await App.NarrowedClientAsync("mac:generate");
        using HttpClient checker = await App.NarrowedClientAsync("mac:verify");
        object input = new { message = _message, kid };

        byte[] mac = (await maker.MustUseAsync("/mac/generate", input)).Bytes("mac");
        (await checker.UseAsync("/mac/generate", input)).Status.Should().Be(HttpStatusCode.Forbidden);
        (await maker.UseAsync("/mac/verify", input, new { mac })).Status.Should().Be(HttpStatusCode.Forbidden);
        ((bool)(await checker.MustUseAsync("/mac/verify", input, new { mac })).Data["valid"]!).Should().BeTrue();

        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Number("usage_count").Should().Be(2);
    }

    private static byte[] Hmac(string algorithm, byte[] key, byte[] message) => algorithm switch
    {
        "HMAC-256" => HMACSHA256.HashData(key, message),
        "HMAC-384" => HMACSHA384.HashData(key, message),
        _ => HMACSHA512.HashData(key, message),
    };
}
