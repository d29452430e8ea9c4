namespace Qkms.Tests.Encryption;

public sealed class ReEncryptTests : ServiceTests
{
    private const string Moving = "crypto:re-encrypt crypto:decrypt crypto:encrypt";

    private static readonly byte[] _hello = "hello"u8.ToArray();

    [Theory]
    [InlineData("AES-256")]
    [InlineData("ML-KEM-512")]
    [InlineData("RSA-2048")]
    public async Task Without_a_destination_the_active_version_of_the_same_key_takes_over(string algorithm)
    {
        string first = (await Client.GenerateAsync(algorithm, new { name = "app" })).Text("kid");
        string old = await EncryptAsync(Client, new { kid = first });
        string second = (await Client.RotateAsync(algorithm, new { name = "app" })).Text("kid");

        foreach (object? destination in new object?[] { null, new { }, new { strict = true } })
        {
            Answer moved = await Client.MustUseAsync("/crypto/re-encrypt", new { ciphertext = old, kid = first, destination });
            moved.Text("kid").Should().Be(second);
            moved.Number("key_version").Should().Be(2);
            moved.Text("source_kid").Should().Be(first);
            moved.Text("algorithm_id").Should().Be(algorithm);
            moved.Data.AsObject().ContainsKey("plaintext").Should().BeFalse();
            await OpensAsync(Client, moved.Text("ciphertext"), new { kid = second });
            (await Client.UseAsync("/crypto/decrypt", new { ciphertext = moved.Text("ciphertext"), kid = first })).ShouldNotDecrypt();
        }

        App.Answers.All.Count(answer => answer.AsSpan().IndexOf("aGVsbG8="u8) >= 0)
            .Should().Be(3, "only the three decryptions show the plaintext");
    }

    [Fact]
    public async Task A_blob_names_its_source_and_moves_to_another_name_and_from_family_to_family()
    {
        await ShareServiceAsync();
        string aes = (await Client.GenerateAsync("AES-256", new { name = "app" })).Text("kid");
        string web = (await Client.GenerateAsync("AES-256", new { name = "web" })).Text("kid");
        string kem = (await Client.GenerateAsync("Kyber768")).Text("kid");
        string rsa = (await Client.GenerateAsync("RSA-2048")).Text("kid");
        string blob = await EncryptAsync(Client, new { kid = aes });

        Answer toWeb = await Client.MustUseAsync("/crypto/re-encrypt", new { ciphertext = blob, destination = new { name = "web" } });
        toWeb.Text("kid").Should().Be(web);
        toWeb.Text("source_kid").Should().Be(aes);
        await OpensAsync(Client, toWeb.Text("ciphertext"), new { });

        Answer toKem = await Client.MustUseAsync(
            "/crypto/re-encrypt",
            new { ciphertext = toWeb.Text("ciphertext"), name = "web", destination = new { algorithm = "ML-KEM-768" } });
        toKem.Text("kid").Should().Be(kem);
        toKem.Text("algorithm").Should().Be("ML-KEM-768");
        await OpensAsync(Client, toKem.Text("ciphertext"), new { kid = kem });

        Answer toRsa = await Client.MustUseAsync(
            "/crypto/re-encrypt", new { ciphertext = toKem.Text("ciphertext"), algorithm = "Kyber768", destination = new { kid = rsa } });
        toRsa.Text("kid").Should().Be(rsa);
        toRsa.Text("source_kid").Should().Be(kem);
        await OpensAsync(Client, toRsa.Text("ciphertext"), new { kid = rsa });

        Answer back = await Client.MustUseAsync(
            "/crypto/re-encrypt",
            new { ciphertext = toRsa.Text("ciphertext"), kid = rsa, destination = new { key_version = 1, name = "app" } });
        back.Text("kid").Should().Be(aes);
        await OpensAsync(Client, back.Text("ciphertext"), new { });
    }

    [Fact]
    public async Task The_context_is_kept_or_changed()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("AES-256");
        await Client.GenerateAsync("ML-KEM-512");
        await Client.GenerateAsync("RSA-2048");
        object context = new { table = "a" };
        string blob = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, context })).Text("ciphertext");

        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob })).ShouldNotDecrypt();
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob, context = new { table = "b" } })).ShouldNotDecrypt();

        string kept = await MoveAsync(new { });
        await OpensAsync(Client, kept, new { context });
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = kept })).ShouldNotDecrypt();

        string changed = await MoveAsync(new { context = new { table = "b" } });
        await OpensAsync(Client, changed, new { context = new { table = "b" } });
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = changed, context })).ShouldNotDecrypt();

        string dropped = await MoveAsync(new { context = new { } });
        await OpensAsync(Client, dropped, new { });

        string keptByKem = await MoveAsync(new { algorithm = "ML-KEM-512" });
        await OpensAsync(Client, keptByKem, new { algorithm = "ML-KEM-512", context });

        // RSA has none: it has to be dropped by name.
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob, context, destination = new { algorithm = "RSA-2048" } }))
            .ShouldBlame("context");
        string byRsa = await MoveAsync(new { algorithm = "RSA-2048", context = new { } });
        await OpensAsync(Client, byRsa, new { algorithm = "RSA-2048" });

        async Task<string> MoveAsync(object destination) =>
            (await Client.MustUseAsync("/crypto/re-encrypt", new { ciphertext = blob, context, destination })).Text("ciphertext");
    }

    // Its purpose goes with it: data-keys:decrypt opens it, crypto:decrypt never.
    [Fact]
    public async Task A_wrapped_data_key_stays_one()
    {
        await ShareServiceAsync();
        string first = (await Client.GenerateAsync("AES-256")).Text("kid");
        string web = (await Client.GenerateAsync("AES-256", new { name = "web" })).Text("kid");
        await Client.GenerateAsync("ML-KEM-512");
        Answer dataKey = await Client.MustUseAsync("/data-keys/generate", new { context = new { a = "1" } });
        string second = (await Client.RotateAsync("AES-256")).Text("kid");

        foreach ((object? destination, string kid, object context) in new (object?, string, object)[]
        {
            (null, second, new { a = "1" }),
            (new { name = "web" }, web, new { a = "1" }),
            (new { kid = web, context = new { b = "2" } }, web, new { b = "2" }),
            (new { kid = first }, second, new { a = "1" }),
        })
        {
            Answer moved = await Client.MustUseAsync(
                "/crypto/re-encrypt", new { ciphertext = dataKey.Text("ciphertext"), context = new { a = "1" }, destination });
            moved.Text("kid").Should().Be(kid);
            moved.Text("source_kid").Should().Be(first);
            string ciphertext = moved.Text("ciphertext");
            (await Client.MustUseAsync("/data-keys/decrypt", new { ciphertext, context })).Text("plaintext")
                .Should().Be(dataKey.Text("plaintext"));
            (await Client.UseAsync("/crypto/decrypt", new { ciphertext, context })).ShouldNotDecrypt();
        }

        (await Client.UseAsync(
            "/crypto/re-encrypt",
            new { ciphertext = dataKey.Text("ciphertext"), context = new { a = "1" }, destination = new { algorithm = "ML-KEM-512" } }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = dataKey.Text("ciphertext"), context = new { a = "2" } }))
            .ShouldNotDecrypt();
    }

    /// <summary>K-08: both keys must be of names that the API key is narrowed to; another does not exist for it.</summary>
    [Fact]
    public async Task A_narrowed_api_key_needs_both_names()
    {
        string app1 = (await Client.GenerateAsync("AES-256", new { name = "app" })).Text("kid");
        string web = (await Client.GenerateAsync("AES-256", new { name = "web" })).Text("kid");
        string ofApp = await EncryptAsync(Client, new { kid = app1 });
        string ofWeb = await EncryptAsync(Client, new { kid = web });
        using HttpClient onlyApp = await App.NarrowedClientAsync(Moving, "app");
        using HttpClient both = await App.NarrowedClientAsync(Moving, "app web");

        (await onlyApp.MustUseAsync("/crypto/re-encrypt", new { ciphertext = ofApp })).Text("kid").Should().Be(app1);
        (await onlyApp.UseAsync("/crypto/re-encrypt", new { ciphertext = ofApp, destination = new { name = "web" } }))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await onlyApp.UseAsync("/crypto/re-encrypt", new { ciphertext = ofApp, destination = new { kid = web } }))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await onlyApp.UseAsync("/crypto/re-encrypt", new { ciphertext = ofWeb, destination = new { name = "app" } })).ShouldNotDecrypt();
        (await onlyApp.UseAsync("/crypto/re-encrypt", new { ciphertext = ofWeb, name = "web", destination = new { name = "app" } }))
            .ShouldNotDecrypt();
        (await both.MustUseAsync("/crypto/re-encrypt", new { ciphertext = ofApp, destination = new { name = "web" } })).Text("kid")
            .Should().Be(web);
    }

    /// <summary>
    /// E-06, F-20: to move a ciphertext is to open it and to make another, of whatever form; who may not do both moves none. A wrapped data
    /// key and a wrapped key each have permissions of their own.
    /// </summary>
    [Theory]
    [InlineData("ciphertext", "crypto:decrypt", "crypto:encrypt")]
    [InlineData("dataKey", "data-keys:decrypt", "data-keys:generate")]
    [InlineData("wrapped", "kem:unwrap", "kem:wrap")]
    public async Task Moving_needs_opening_and_making(string form, string open, string make)
    {
        await Client.GenerateAsync("AES-256");
        await Client.GenerateAsync();
        object input = form switch
        {
            "ciphertext" => new { ciphertext = await EncryptAsync(Client, new { algorithm = "AES-256" }) },
            "dataKey" => new { ciphertext = (await Client.MustUseAsync("/data-keys/generate", new { })).Text("ciphertext") },
            _ => new { wrapped_key = (await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = "AAAA" })).Text("wrapped_key") },
        };
        string[] everyUse = [.. Permissions.Of(Roles.User).Select(permission => permission.ToWire())];

        foreach (string missing in new[] { open, make })
        {
            using HttpClient narrowed = await App.NarrowedClientAsync(string.Join(' ', everyUse.Except([missing])));
            (await narrowed.UseAsync("/crypto/re-encrypt", input)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_002")
                .Message.Should().Contain(open).And.Contain(make);
            JsonNode item = (await narrowed.MustUseAsync("/crypto/re-encrypt", new { items = new[] { input } })).Data["items"]![0]!;
            ((string?)item["error"]!["error_code"]).Should().Be("ERR_FORBIDDEN_002");
        }

        using HttpClient enough = await App.NarrowedClientAsync($"crypto:re-encrypt {open} {make}");
        await enough.MustUseAsync("/crypto/re-encrypt", input);
    }

    // A-18 for the destination, Q-27 and A-03 for both ends.
    [Fact]
    public async Task The_state_of_both_keys_counts()
    {
        await ShareServiceAsync();
        string first = (await Client.GenerateAsync("AES-256")).Text("kid");
        string blob = await EncryptAsync(Client, new { kid = first });
        string second = (await Client.RotateAsync("AES-256")).Text("kid");

        Answer followed = await Client.MustUseAsync("/crypto/re-encrypt", new { ciphertext = blob, destination = new { kid = first } });
        followed.Text("kid").Should().Be(second);
        followed.Text("requested_kid").Should().Be(first);
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob, destination = new { kid = first, strict = true } }))
            .ShouldNameNext("ERR_KMS_008", second);
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob, destination = new { key_version = 1 } }))
            .ShouldNameNext("ERR_KMS_008", second);
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob, destination = new { name = "nothing" } }))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob, destination = new { kid = second, name = "web" } }))
            .ShouldBlame("destination.name");
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob, destination = new { kid = "a..b" } }))
            .ShouldBlame("destination.kid");
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob, destination = new { algorithm = "AES" } }))
            .ShouldBlame("destination.algorithm");

        (await Client.RevokeAsync(second)).ShouldBe(HttpStatusCode.NoContent);
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob })).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob, destination = new { kid = first } }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        (await Client.RevokeAsync(first)).ShouldBe(HttpStatusCode.NoContent);
        await Client.GenerateAsync("AES-256");
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = blob })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
    }

    private static async Task<string> EncryptAsync(HttpClient client, object choice) =>
        (await client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello }, choice)).Text("ciphertext");

    private static async Task OpensAsync(HttpClient client, string ciphertext, object choice) =>
        (await client.MustUseAsync("/crypto/decrypt", new { ciphertext }, choice)).Bytes("plaintext").Should().Equal(_hello);
}
