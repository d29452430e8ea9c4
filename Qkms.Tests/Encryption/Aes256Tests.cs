namespace Qkms.Tests.Encryption;

/// <summary>AES-256 keys, and their ciphertexts, which name their key themselves.</summary>
public sealed class Aes256Tests : SharedServiceTests
{
    private static readonly byte[] _hello = "hello"u8.ToArray();

    // A-35
    [Fact]
    public async Task The_catalogue_has_it_and_it_has_no_public_key()
    {
        JsonNode row = (await Client.GetJsonAsync("/kms/supported-algorithms")).Data["algorithms"]!
            .AsArray()
            .Single(a => (string?)a!["algorithm"] == "AES-256")!;
        ((string?)row["kty"]).Should().Be("oct");
        row["operations"]!.AsArray().Select(o => (string)o!).Should().Equal("encrypt", "decrypt", "generate-data-key", "decrypt-data-key");
        ((string?)row["status"]).Should().Be("RECOMMENDED");
        ((bool)row["quantum_safe"]!).Should().BeTrue();
        row["public_key_size"].Should().BeNull();

        Answer made = await Client.GenerateAsync("AES-256");
        made.Data.AsObject().ContainsKey("public_key").Should().BeTrue();
        made.Data["public_key"].Should().BeNull();
        made.Text("use").Should().Be("enc");
        (await Client.RotateAsync("AES-256")).Data["public_key"].Should().BeNull();
        (await Client.GetJsonAsync("/kms/keys")).Data["keys"]!.AsArray().Should().OnlyContain(key => key!["public_key"] == null);
        foreach (string query in new[] { "", "?format=pem", "?format=der", "?format=jwk" })
            (await Client.GetJsonAsync($"/kms/keys/{made.Text("kid")}/public-key{query}"))
                .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");

        (await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256","use":"sig"}""")).ShouldBlame("use");
        (await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256","oaep_hash":"SHA-256"}""")).ShouldBlame("oaep_hash");
    }

    // K-07
    [Fact]
    public async Task One_key_encrypts_any_number_of_strings()
    {
        await Client.GenerateAsync("AES-256");
        string[] strings = [.. Enumerable.Range(0, 500).Select(i => $"user-{i}@example.com")];

        HashSet<string> ciphertexts = [];
        foreach (string text in strings)
        {
            string ciphertext = (await Client.MustUseAsync(
                "/crypto/encrypt", new { plaintext = System.Text.Encoding.UTF8.GetBytes(text), context = new { user = text } }))
                .Text("ciphertext");
            ciphertexts.Add(ciphertext).Should().BeTrue();
            Answer back = await Client.MustUseAsync("/crypto/decrypt", new { ciphertext, context = new { user = text } });
            System.Text.Encoding.UTF8.GetString(back.Bytes("plaintext")).Should().Be(text);
        }

        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(1);
    }

    // E-03
    [Fact]
    public async Task A_ciphertext_needs_no_key_name_after_a_rotation_and_a_restart()
    {
        using TemporaryDirectory directory = new();
        List<(string Kid, string Ciphertext)> made = [];
        await using (QkmsApplication app = new(directory.Path))
        {
            using HttpClient client = app.Client();
            await client.GenerateAsync("AES-256", new { name = "app" });
            await client.GenerateAsync("AES-256", new { name = "web" });
            foreach (string name in new[] { "app", "web", "app", "app" })
            {
                Answer encrypted = await client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, name });
                made.Add((encrypted.Text("kid"), encrypted.Text("ciphertext")));
                await client.RotateAsync("AES-256", new { name });
            }

            await AllOpenAsync(client);
        }

        await using QkmsApplication restarted = new(directory.Path);
        using HttpClient later = restarted.Client();
        await AllOpenAsync(later);
        made.Select(one => one.Kid).Distinct().Count().Should().Be(4);

        async Task AllOpenAsync(HttpClient client)
        {
            foreach ((string kid, string ciphertext) in made)
            {
                Answer decrypted = await client.MustUseAsync("/crypto/decrypt", new { ciphertext });
                decrypted.Bytes("plaintext").Should().Equal(_hello);
                decrypted.Text("kid").Should().Be(kid);
            }
        }
    }

    // E-03: the blob's version counts, as long as it is one of the key that the request means.
    [Fact]
    public async Task A_ciphertext_opens_by_name_only_with_its_own_key()
    {
        string first = (await Client.GenerateAsync("AES-256", new { name = "app" })).Text("kid");
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, name = "app" })).Text("ciphertext");
        string second = (await Client.RotateAsync("AES-256", new { name = "app" })).Text("kid");
        string other = (await Client.GenerateAsync("AES-256", new { name = "web" })).Text("kid");
        await Client.GenerateAsync("AES-256");
        await Client.GenerateAsync("ML-KEM-768", new { name = "app" });

        foreach (object choice in new object[]
        {
            new { }, new { name = "app" }, new { name = "app", algorithm = "AES-256" }, new { key_version = 1, name = "app" },
            new { kid = first },
        })
        {
            Answer decrypted = await Client.MustUseAsync("/crypto/decrypt", new { ciphertext }, choice);
            decrypted.Bytes("plaintext").Should().Equal(_hello);
            decrypted.Text("kid").Should().Be(first);
        }

        foreach (object choice in new object[]
        {
            new { name = "web" }, new { name = "default" }, new { algorithm = "AES-256" }, new { name = "app", algorithm = "ML-KEM-768" },
            new { key_version = 2, name = "app" }, new { kid = second }, new { kid = other }, new { key_version = 1, name = "web" },
            new { name = "nothing" },
        })
        {
            (await Client.UseAsync("/crypto/decrypt", new { ciphertext }, choice)).ShouldNotDecrypt(choice.ToString());
        }
    }

    /// <summary>
    /// F-86: bytes that are no ciphertext of an AES key name no key, and the request neither: it is asked for. The format is public, so
    /// that the answer depends on nothing but the request.
    /// </summary>
    [Fact]
    public async Task A_ciphertext_that_names_no_key_is_asked_for_its_key()
    {
        await Client.GenerateAsync("ML-KEM-512", new { name = "app" });
        byte[] ciphertext = (await Client.MustUseAsync(
            "/crypto/encrypt", new { plaintext = _hello, algorithm = "ML-KEM-512", name = "app" })).Bytes("ciphertext");

        foreach (byte[] bytes in new[] { ciphertext, [], new byte[20], new byte[4096] })
        {
            foreach (object choice in new object[] { new { }, new { name = "app" }, new { name = "nobody" } })
            {
                foreach (string route in new[] { "/crypto/decrypt", "/crypto/re-encrypt" })
                {
                    (await Client.UseAsync(route, new { ciphertext = bytes }, choice)).ShouldBlame("algorithm").Message
                        .Should().Contain("AES-256").And.Contain("'kid'");
                }
            }
        }

        JsonNode item = (await Client.MustUseAsync("/crypto/decrypt", new { items = new[] { new { ciphertext } } })).Data["items"]![0]!;
        ((string?)item["error"]!["error_code"]).Should().Be("ERR_INVALID_001");
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = new byte[20], algorithm = "AES-256" })).ShouldNotDecrypt();
        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext, algorithm = "ML-KEM-512", name = "app" })).Bytes("plaintext")
            .Should().Equal(_hello);
    }

    // Q-32: nothing says whose it was.
    [Fact]
    public async Task A_ciphertext_of_another_tenant_or_of_no_key_or_of_another_purpose_does_not_open()
    {
        using HttpClient stranger = await StrangerAsync();
        string kid = (await Client.GenerateAsync("AES-256")).Text("kid");
        await stranger.GenerateAsync("AES-256");
        byte[] blob = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello })).Bytes("ciphertext");
        byte[] dataKey = (await Client.MustUseAsync("/data-keys/generate", new { })).Bytes("ciphertext");

        (await stranger.UseAsync("/crypto/decrypt", new { ciphertext = blob })).ShouldNotDecrypt();
        (await stranger.UseAsync("/data-keys/decrypt", new { ciphertext = dataKey })).ShouldNotDecrypt();
        (await Client.UseAsync("/data-keys/decrypt", new { ciphertext = blob })).ShouldNotDecrypt();
        (await Client.UseAsync("/data-keys/decrypt", new { ciphertext = blob, kid })).ShouldNotDecrypt();
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = dataKey })).ShouldNotDecrypt();
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = dataKey, kid })).ShouldNotDecrypt();

        byte[] unknown = [.. blob];
        RandomNumberGenerator.Fill(unknown.AsSpan(5, 16));
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = unknown })).ShouldNotDecrypt();
        byte[] purpose = [.. dataKey];
        purpose[4] = 1;
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = purpose })).ShouldNotDecrypt();
        foreach (int length in new[] { 0, 1, 20, 21, 100, 4096 })
        {
            (await Client.UseAsync("/crypto/decrypt", new { ciphertext = new byte[length], algorithm = "AES-256" }))
                .ShouldNotDecrypt($"{length}");
        }

        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = blob })).Bytes("plaintext").Should().Equal(_hello);
    }

    [Fact]
    public async Task A_narrowed_api_key_does_not_open_the_ciphertexts_of_other_names()
    {
        await Client.GenerateAsync("AES-256", new { name = "app" });
        await Client.GenerateAsync("AES-256", new { name = "web" });
        string ofApp = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, name = "app" })).Text("ciphertext");
        string ofWeb = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, name = "web" })).Text("ciphertext");
        using HttpClient narrowed = await NarrowedClientAsync(keyScope: "app");

        (await narrowed.MustUseAsync("/crypto/decrypt", new { ciphertext = ofApp })).Bytes("plaintext").Should().Equal(_hello);
        (await narrowed.UseAsync("/crypto/decrypt", new { ciphertext = ofWeb })).ShouldNotDecrypt();
        (await narrowed.UseAsync("/crypto/decrypt", new { ciphertext = ofWeb, name = "app" })).ShouldNotDecrypt();
        (await narrowed.UseAsync("/crypto/decrypt", new { ciphertext = ofWeb, name = "web" })).ShouldNotDecrypt();
    }

    [Fact]
    public async Task A_changed_shortened_or_lengthened_ciphertext_does_not_open()
    {
        await Client.GenerateAsync("AES-256");
        byte[] blob = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello })).Bytes("ciphertext");
        blob.Length.Should().Be(21 + 32 + 32 + 5 + 16);

        await Ciphertexts.ShouldNotOpenWhenChangedAsync(Client, "/crypto/decrypt", "ciphertext", blob, new { algorithm = "AES-256" });
    }

    [Theory]
    [InlineData("ML-KEM-512", 768 + 5 + 16)]
    [InlineData("RSA-2048", 256)]
    public async Task The_same_holds_for_other_families(string algorithm, int length)
    {
        await Client.GenerateAsync(algorithm);
        byte[] ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, algorithm })).Bytes("ciphertext");
        ciphertext.Length.Should().Be(length);

        await Ciphertexts.ShouldNotOpenWhenChangedAsync(Client, "/crypto/decrypt", "ciphertext", ciphertext, new { algorithm });
    }
}
