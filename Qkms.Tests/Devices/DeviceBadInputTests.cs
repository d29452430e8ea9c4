namespace Qkms.Tests.Devices;

/// <summary>Bad input and callers who may not: refused with the envelope, the field named, and nothing changed.</summary>
public sealed class DeviceBadInputTests : ServiceTests
{
    public static TheoryData<string> BadDeviceIds => new(
        new string('a', 129), new string('a', 1000), "a%2Fb", "a%20b", "%C3%BC", "%F0%9F%93%B1", "a%00b", "a%0Ab", "a*", "a@b", "%22",
        "'--");

    /// <summary>D-01: an id is letters, digits and four signs, at most 128; every route names the field.</summary>
    [Theory]
    [MemberData(nameof(BadDeviceIds))]
    public async Task A_malformed_device_id_is_refused_on_every_route(string device)
    {
        string kid = DeviceVerbs.NobodysKid();
        using HttpClient client = App.StartOnKestrel();
        foreach (Answer answer in new[]
        {
            await client.RegisterAsync(device), await client.RotateDeviceAsync(device), await client.ValidityAsync(kid, device),
            await client.RevokeDeviceKeyAsync(kid, device), await client.DecryptFromDeviceAsync(kid, new byte[256], device),
        })
        {
            // The server refuses U+0000 in a path by itself, before any route is known.
            if (device.Contains("%00", StringComparison.Ordinal))
                answer.Status.Should().Be(HttpStatusCode.BadRequest);
            else
                answer.ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001").Blamed.Should().Equal("device_id");
        }
    }

    /// <summary>D-01: no id is no route.</summary>
    [Theory]
    [InlineData("/devices//keys")]
    [InlineData("/devices/keys")]
    [InlineData("/devices")]
    public async Task Without_a_device_id_there_is_no_route(string path) =>
        (await Client.PostJsonAsync(path, "{}")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");

    /// <summary>D-01: ids that look like words of routes, numbers or addresses are ids.</summary>
    [Theory]
    [InlineData("keys")]
    [InlineData("rotate")]
    [InlineData("decrypt")]
    [InlineData("1")]
    [InlineData("00:1B:44:11:3A:B7")]
    [InlineData("...")]
    [InlineData("-")]
    [InlineData("urn:dev:mac:0024beFFfe804ff1")]
    public async Task A_device_may_be_named_like_a_word_of_a_route(string device)
    {
        await ShareServiceAsync();
        Answer made = (await Client.RegisterAsync(device, "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);

        made.Text("device_id").Should().Be(device);
        (await Client.DecryptFromDeviceAsync(made.Text("kid"), made.EncryptByHpke("x"), device)).Plaintext().Should().Be("x");
        (await Client.RotateDeviceAsync(device)).ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task The_longest_id_is_an_id() =>
        (await Client.RegisterAsync(new string('a', 128), "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);

    /// <summary>D-01: RSA-2048 or ML-KEM-768, and no other member.</summary>
    [Theory]
    [InlineData("""{"algorithm":"RSA-4096"}""", "algorithm")]
    [InlineData("""{"algorithm":"AES-256"}""", "algorithm")]
    [InlineData("""{"algorithm":"ML-DSA-65"}""", "algorithm")]
    [InlineData("""{"algorithm":""}""", "algorithm")]
    [InlineData("""{"algorithm":7}""", "algorithm")]
    [InlineData("""{"expires_at":"2036-01-02T03:04:05Z"}""", "expires_at")]
    [InlineData("[]", "(body)")]
    public async Task Other_algorithms_and_members_are_refused(string body, string field)
    {
        await ShareServiceAsync();
        foreach (string route in new[] { "/devices/phone/keys", "/devices/phone/keys/rotate" })
            (await Client.PostJsonAsync(route, body)).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001")
                .Blamed.Should().Equal(field);
    }

    /// <summary>D-11: what is no ciphertext at all, and what is too long for one.</summary>
    [Fact]
    public async Task A_malformed_decryption_is_refused()
    {
        Answer made = await Client.RegisterAsync();
        string kid = made.Text("kid");

        await ShouldBlame("""{"ciphertext":"AAAA"}""", "kid");
        await ShouldBlame($$"""{"kid":"{{kid}}"}""", "ciphertext");
        await ShouldBlame($$"""{"kid":"{{kid}}","ciphertext":"not base64"}""", "ciphertext");
        await ShouldBlame($$"""{"kid":"{{kid}}","ciphertext":"AAA"}""", "ciphertext");
        await ShouldBlame("""{"kid":"a..b","ciphertext":"AAAA"}""", "kid");
        await ShouldBlame($$"""{"kid":"{{kid}}","ciphertext":"AAAA","algorithm":"RSA-2048"}""", "algorithm");

        (await Client.DecryptFromDeviceAsync(kid, new byte[2048])).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_KEM_001");
        (await Client.DecryptFromDeviceAsync(kid, new byte[2049]))
            .ShouldBeRefused(HttpStatusCode.RequestEntityTooLarge, "ERR_INVALID_002").Blamed.Should().Equal("ciphertext");
        (await Client.DecryptFromDeviceAsync(kid, new byte[10 * 1024 * 1024]))
            .ShouldBeRefused(HttpStatusCode.RequestEntityTooLarge, "ERR_INVALID_002");
        (await Client.DecryptFromDeviceAsync(kid, made.Encrypt("x"))).ShouldBe(HttpStatusCode.OK);

        async Task ShouldBlame(string body, string field) =>
            (await Client.PostJsonAsync("/devices/phone/decrypt", body)).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001")
                .Blamed.Should().Equal(field);
    }

    /// <summary>D-08, D-10: a key of another device, of another tenant, or of nobody is not there.</summary>
    [Fact]
    public async Task A_foreign_key_is_not_found()
    {
        using HttpClient others = App.ClientFor(await App.CreateTenantAsync("others"));
        Answer mine = await Client.RegisterAsync();
        Answer tablets = await Client.RegisterAsync("tablet");
        Answer theirs = (await others.RegisterAsync()).ShouldBe(HttpStatusCode.Created);
        theirs.Text("kid").Should().NotBe(mine.Text("kid"));

        foreach (Answer foreign in new[] { tablets, theirs })
        {
            string kid = foreign.Text("kid");
            (await Client.DecryptFromDeviceAsync(kid, foreign.Encrypt("x"))).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003")
                .Message.Should().Be("Encryption key not found.");
            (await Client.ValidityAsync(kid)).Text("reason").Should().Be("not_found");
            (await Client.RevokeDeviceKeyAsync(kid)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        }

        (await Client.DecryptFromDeviceAsync(DeviceVerbs.NobodysKid(), mine.Encrypt("x")))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await others.DecryptFromDeviceAsync(theirs.Text("kid"), theirs.Encrypt("x"))).Plaintext().Should().Be("x");
    }

    /// <summary>K-06: the role 'user' is that of an application server; only an admin revokes, and an auditor reads.</summary>
    [Fact]
    public async Task Roles_have_the_permissions_of_devices_that_they_need()
    {
        Answer made = await Client.RegisterAsync();
        string kid = made.Text("kid");
        using HttpClient user = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.User));
        using HttpClient auditor = App.ClientFor(await App.CreateApiKeyAsync(App.InitialApiKey, Roles.Auditor));
        using HttpClient decrypts = await App.NarrowedClientAsync("devices:decrypt");

        (await user.RegisterAsync()).ShouldBe(HttpStatusCode.OK);
        (await user.DecryptFromDeviceAsync(kid, made.Encrypt("x"))).ShouldBe(HttpStatusCode.OK);
        (await user.RevokeDeviceKeyAsync(kid)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await auditor.ValidityAsync(kid)).ShouldBe(HttpStatusCode.OK);
        (await auditor.RegisterAsync()).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await auditor.DecryptFromDeviceAsync(kid, made.Encrypt("x"))).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await decrypts.DecryptFromDeviceAsync(kid, made.Encrypt("x"))).ShouldBe(HttpStatusCode.OK);
        (await decrypts.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
    }

    /// <summary>K-08, E-06: an API key that is limited to names of keys has nothing to do with devices, whatever the names.</summary>
    [Fact]
    public async Task An_api_key_that_is_limited_to_key_names_has_no_devices()
    {
        Answer made = await Client.RegisterAsync();
        using HttpClient narrowed = await App.NarrowedClientAsync(keyScope: "default phone device/*");

        (await narrowed.RegisterAsync()).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002");
        (await narrowed.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await narrowed.ValidityAsync(made.Text("kid"))).Text("reason").Should().Be("not_found");
        (await narrowed.RevokeDeviceKeyAsync(made.Text("kid"))).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await narrowed.DecryptFromDeviceAsync(made.Text("kid"), made.Encrypt("x")))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.OK);
    }
}
