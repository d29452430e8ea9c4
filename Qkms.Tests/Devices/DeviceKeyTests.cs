namespace Qkms.Tests.Devices;

/// <summary>A device gets a key, encrypts to it, and the tenant's server has the service decrypt.</summary>
public sealed class DeviceKeyTests : ServiceTests
{
    private static readonly TimeSpan _month = TimeSpan.FromDays(30);

    /// <summary>D-01, D-11: a device gets an RSA key, encrypts with what the answer says alone, and the service decrypts.</summary>
    [Fact]
    public async Task A_device_encrypts_to_its_key_and_the_service_decrypts()
    {
        await ShareServiceAsync();
        Answer made = (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.Created);

        made.Data.AsObject().Select(member => member.Key).Should()
            .Equal("kid", "device_id", "algorithm", "public_key", "oaep_hash", "created_at", "expires_at");
        made.Text("device_id").Should().Be("phone");
        made.Text("algorithm").Should().Be("RSA-2048");
        made.Text("oaep_hash").Should().Be("SHA-256");
        made.Text("public_key").Should().StartWith("-----BEGIN PUBLIC KEY-----\n").And.EndWith("-----END PUBLIC KEY-----\n");
        string kid = made.Text("kid");
        made.Headers["Location"].Should().Be($"/devices/phone/keys/{kid}/validity");

        Answer decrypted = (await Client.DecryptFromDeviceAsync(kid, made.Encrypt("door open"))).ShouldBe(HttpStatusCode.OK);
        decrypted.Plaintext().Should().Be("door open");
        decrypted.Text("kid").Should().Be(kid);
        decrypted.Text("algorithm").Should().Be("RSA-2048");
    }

    /// <summary>D-01, D-11: with ML-KEM-768 a device encrypts by HPKE, in the format of /crypto/decrypt.</summary>
    [Theory]
    [InlineData("ML-KEM-768")]
    [InlineData("Kyber768")]
    public async Task A_device_may_have_a_post_quantum_key(string spelling)
    {
        await ShareServiceAsync();
        Answer made = (await Client.RegisterAsync(algorithm: spelling)).ShouldBe(HttpStatusCode.Created);
        made.Text("algorithm").Should().Be("ML-KEM-768");
        made.Data["oaep_hash"].Should().BeNull();

        byte[] ciphertext = made.EncryptByHpke("door open");

        (await Client.DecryptFromDeviceAsync(made.Text("kid"), ciphertext)).Plaintext().Should().Be("door open");
        ciphertext[^1] ^= 1;
        (await Client.DecryptFromDeviceAsync(made.Text("kid"), ciphertext)).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_KEM_001");
    }

    /// <summary>D-02: a key lives for 30 days from its generation.</summary>
    [Fact]
    public async Task A_key_lives_for_30_days()
    {
        await ShareServiceAsync();
        Answer made = await Client.RegisterAsync();

        (Time(made, "expires_at") - Time(made, "created_at")).Should().Be(_month);
    }

    /// <summary>D-04: a device that has a valid key gets that one, as often as it asks.</summary>
    [Fact]
    public async Task A_valid_key_is_returned_instead_of_a_new_one()
    {
        Answer made = (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.Created);
        for (int i = 0; i < 10; i++)
        {
            App.Time.Pass(TimeSpan.FromDays(2));
            Answer again = (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.OK);
            JsonNode.DeepEquals(again.Data, made.Data).Should().BeTrue(again.Body);
        }

        // One of another algorithm, or of another device, is another key.
        (await Client.RegisterAsync(algorithm: "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);
        (await Client.RegisterAsync("tablet")).ShouldBe(HttpStatusCode.Created).Text("kid").Should().NotBe(made.Text("kid"));
        (await Client.RegisterAsync("PHONE")).ShouldBe(HttpStatusCode.Created).Text("kid").Should().NotBe(made.Text("kid"));
    }

    /// <summary>D-04, D-10, D-13: an expired key is replaced, and decrypts again while retired keys are kept.</summary>
    [Fact]
    public async Task An_expired_key_is_replaced()
    {
        Answer old = await Client.RegisterAsync();
        byte[] ciphertext = old.Encrypt("late");
        App.Time.Pass(_month);

        Answer refused = (await Client.DecryptFromDeviceAsync(old.Text("kid"), ciphertext))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
        refused.Message.Should().StartWith("Encryption key expired");
        (await Client.ValidityAsync(old.Text("kid"))).Text("reason").Should().Be("expired");

        Answer next = (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.Created);

        next.Text("kid").Should().NotBe(old.Text("kid"));
        (await Client.DecryptFromDeviceAsync(old.Text("kid"), ciphertext)).Plaintext().Should().Be("late");
    }

    /// <summary>D-07: a rotation retires every key of the device, of whatever algorithm, and returns the new one.</summary>
    [Fact]
    public async Task A_rotation_retires_every_other_key_of_the_device()
    {
        await ShareServiceAsync();
        Answer rsa = await Client.RegisterAsync();
        Answer kem = await Client.RegisterAsync(algorithm: "ML-KEM-768");
        Answer other = await Client.RegisterAsync("tablet");

        Answer rotated = (await Client.RotateDeviceAsync(algorithm: "RSA-2048")).ShouldBe(HttpStatusCode.Created);

        foreach (Answer retired in new[] { rsa, kem })
        {
            Answer validity = await Client.ValidityAsync(retired.Text("kid"));
            ((bool)validity.Data["valid"]!).Should().BeFalse();
            validity.Text("reason").Should().Be("retired");
        }

        ((bool)(await Client.ValidityAsync(rotated.Text("kid"))).Data["valid"]!).Should().BeTrue();
        ((bool)(await Client.ValidityAsync(other.Text("kid"), "tablet")).Data["valid"]!).Should().BeTrue();
        (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.OK).Text("kid").Should().Be(rotated.Text("kid"));
    }

    /// <summary>D-07: a rotation that names no algorithm keeps that of the newest key: nobody gets RSA by leaving it out.</summary>
    [Fact]
    public async Task A_rotation_keeps_the_algorithm_of_the_newest_key()
    {
        await Client.RegisterAsync();
        App.Time.Pass(TimeSpan.FromSeconds(1));
        await Client.RegisterAsync(algorithm: "ML-KEM-768");

        (await Client.RotateDeviceAsync()).ShouldBe(HttpStatusCode.Created).Text("algorithm").Should().Be("ML-KEM-768");
    }

    /// <summary>D-07, D-10: a device that never had a key has none to rotate.</summary>
    [Fact]
    public async Task A_device_without_a_key_is_not_rotated()
    {
        await ShareServiceAsync();
        Answer refused = (await Client.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        refused.Message.Should().Be("Encryption key not found.");
    }

    /// <summary>D-13: a retired key decrypts for 90 days, and then no more.</summary>
    [Fact]
    public async Task A_retired_key_decrypts_until_its_retention_ends()
    {
        Answer old = await Client.RegisterAsync();
        byte[] ciphertext = old.Encrypt("in flight");
        App.Time.Pass(TimeSpan.FromDays(1));
        await Client.RotateDeviceAsync();
        Answer validity = await Client.ValidityAsync(old.Text("kid"));
        (Time(validity, "process_until") - Time(old, "created_at")).TotalDays.Should().BeApproximately(91, 0.01);

        App.Time.Pass(TimeSpan.FromDays(89.9));
        (await Client.DecryptFromDeviceAsync(old.Text("kid"), ciphertext)).Plaintext().Should().Be("in flight");

        App.Time.Pass(TimeSpan.FromDays(0.1));
        (await Client.DecryptFromDeviceAsync(old.Text("kid"), ciphertext)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_007");
    }

    /// <summary>D-08: the validity of a key says whether it may be encrypted to, and if not, why.</summary>
    [Fact]
    public async Task The_validity_of_a_key_says_why_it_is_not_valid()
    {
        Answer made = await Client.RegisterAsync();
        string kid = made.Text("kid");
        await Validity(kid, "phone", valid: true, "active", null);
        (await Client.ValidityAsync(kid)).Text("expires_at").Should().Be(made.Text("expires_at"));
        await Validity(kid, "tablet", valid: false, null, "not_found");
        await Validity(DeviceVerbs.NobodysKid(), "phone", valid: false, null, "not_found");
        await Validity("a..b", "phone", valid: false, null, "not_found");

        App.Time.Pass(_month);
        await Validity(kid, "phone", valid: false, "expired", "expired");
        string next = (await Client.RegisterAsync()).Text("kid");
        string last = (await Client.RotateDeviceAsync()).Text("kid");
        await Validity(next, "phone", valid: false, "retired", "retired");
        (await Client.RevokeDeviceKeyAsync(last)).ShouldBe(HttpStatusCode.NoContent);
        await Validity(last, "phone", valid: false, "revoked", "revoked");

        async Task Validity(string kid, string device, bool valid, string? status, string? reason)
        {
            Answer answer = (await Client.ValidityAsync(kid, device)).ShouldBe(HttpStatusCode.OK);
            ((bool)answer.Data["valid"]!).Should().Be(valid);
            ((string?)answer.Data["status"]).Should().Be(status);
            ((string?)answer.Data["reason"]).Should().Be(reason);
        }
    }

    /// <summary>D-08: a key of a stolen device is revoked for good; the next registration gets a new one.</summary>
    [Fact]
    public async Task A_revoked_key_decrypts_no_more_and_is_replaced()
    {
        await ShareServiceAsync();
        Answer made = await Client.RegisterAsync();
        string kid = made.Text("kid");

        (await Client.RevokeDeviceKeyAsync(kid, body: """{"reason":"stolen"}""")).ShouldBe(HttpStatusCode.NoContent);

        (await Client.DecryptFromDeviceAsync(kid, made.Encrypt("x"))).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.Created).Text("kid").Should().NotBe(kid);
        (await Client.RevokeDeviceKeyAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        (await Client.RevokeDeviceKeyAsync(kid, "tablet")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
    }

    /// <summary>D-12: whatever is wrong with a ciphertext, the answer is the same.</summary>
    [Fact]
    public async Task Every_bad_ciphertext_gets_the_same_answer()
    {
        await ShareServiceAsync();
        Answer made = await Client.RegisterAsync();
        byte[] good = made.Encrypt("secret");
        byte[] flipped = [.. good];
        flipped[17] ^= 4;
        using RSA key = RSA.Create();
        key.ImportFromPem(made.Text("public_key"));
        byte[][] bad =
        [
            flipped, good[1..], [.. good, 0], [], new byte[256], new byte[2048], Enumerable.Repeat((byte)0xFF, 256).ToArray(),
            key.Encrypt("secret"u8, RSAEncryptionPadding.OaepSHA1), key.Encrypt("secret"u8, RSAEncryptionPadding.Pkcs1),
            (await Client.RegisterAsync("tablet")).Encrypt("secret"),
        ];

        foreach (byte[] ciphertext in bad)
        {
            Answer refused = (await Client.DecryptFromDeviceAsync(made.Text("kid"), ciphertext))
                .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_KEM_001");
            refused.Message.Should().Be("Decryption failed.");
            refused.Details.Should().BeEmpty();
        }
    }

    /// <summary>D-01: keys of devices are in no list of keys, and no route for the tenant's own keys finds one.</summary>
    [Fact]
    public async Task Keys_of_devices_are_no_keys_of_the_tenant()
    {
        await ShareServiceAsync();
        Answer made = await Client.RegisterAsync();
        string kid = made.Text("kid");
        string ciphertext = Convert.ToBase64String(made.Encrypt("x"));

        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(0);
        (await Client.GetJsonAsync("/kms/keys")).Data["keys"]!.AsArray().Should().BeEmpty();
        foreach ((HttpMethod verb, string path, string? body) in Requests(kid).ToArray())
        {
            Answer answer = await Client.SendJsonAsync(verb, path, body);
            answer.ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        }

        (await Client.GetJsonAsync("/kms/keys/active?algorithm=RSA-2048")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"RSA-2048"}"""))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.GenerateAsync("RSA-2048")).Number("key_version").Should().Be(1);
        ((bool)(await Client.ValidityAsync(kid)).Data["valid"]!).Should().BeTrue();

        IEnumerable<(HttpMethod, string, string?)> Requests(string named)
        {
            yield return (HttpMethod.Get, $"/kms/keys/{named}", null);
            yield return (HttpMethod.Get, $"/kms/keys/{named}/public-key", null);
            yield return (HttpMethod.Get, $"/kms/keys/{named}/chain", null);
            yield return (HttpMethod.Post, $"/kms/keys/{named}/rotations", null);
            yield return (HttpMethod.Post, $"/kms/keys/{named}/actions/revoke", null);
            yield return (HttpMethod.Post, $"/kms/keys/{named}/actions/cancel-deletion", null);
            yield return (HttpMethod.Delete, $"/kms/keys/{named}", null);
            yield return (HttpMethod.Post, "/crypto/encrypt", $$"""{"kid":"{{named}}","plaintext":"AA=="}""");
            yield return (HttpMethod.Post, "/crypto/decrypt", $$"""{"kid":"{{named}}","ciphertext":"{{ciphertext}}"}""");
            yield return (
                HttpMethod.Post,
                "/crypto/re-encrypt",
                $$"""{"kid":"{{named}}","ciphertext":"{{ciphertext}}","destination":{"algorithm":"AES-256"} }""");
        }
    }

    /// <summary>D-01: and no route of devices finds a key of the tenant.</summary>
    [Fact]
    public async Task Keys_of_the_tenant_are_no_keys_of_a_device()
    {
        await ShareServiceAsync();
        string kid = (await Client.GenerateAsync("RSA-2048")).Text("kid");

        (await Client.DecryptFromDeviceAsync(kid, new byte[256])).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.ValidityAsync(kid)).Text("reason").Should().Be("not_found");
        (await Client.RevokeDeviceKeyAsync(kid)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("active");
    }

    private static DateTimeOffset Time(Answer answer, string member) =>
        DateTimeOffset.Parse(answer.Text(member), System.Globalization.CultureInfo.InvariantCulture);
}
