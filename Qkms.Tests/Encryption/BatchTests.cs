namespace Qkms.Tests.Encryption;

/// <summary>Many items in one request: each stands for itself, and the key for all.</summary>
public sealed class BatchTests : SharedServiceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task Items_come_back_in_their_order(int count)
    {
        string kid = (await Client.GenerateAsync("AES-256")).Text("kid");

        Answer encrypted = await Client.MustUseAsync("/crypto/encrypt", new
        {
            items = Enumerable.Range(0, count).Select(i => new { plaintext = BitConverter.GetBytes(i), context = new { i = $"{i}" } })
        });
        JsonArray made = encrypted.Data["items"]!.AsArray();
        Answer decrypted = await Client.MustUseAsync(
            "/crypto/decrypt",
            new { items = made.Select((item, i) => new { ciphertext = (string)item!["ciphertext"]!, context = new { i = $"{i}" } }) });
        JsonArray read = decrypted.Data["items"]!.AsArray();

        encrypted.Text("kid").Should().Be(kid);
        encrypted.Data.AsObject().ContainsKey("ciphertext").Should().BeFalse();
        made.Count.Should().Be(count);
        made.Should().OnlyContain(item => item!.AsObject().Count == 1);
        made.Select(item => (string)item!["ciphertext"]!).Distinct().Count().Should().Be(count);
        decrypted.Data.AsObject().ContainsKey("plaintext").Should().BeFalse();
        read.Select(item => BitConverter.ToInt32(Convert.FromBase64String((string)item!["plaintext"]!)))
            .Should().Equal(Enumerable.Range(0, count));
        read.Should().OnlyContain(item => (string?)item!["kid"] == kid && (int)item["key_version"]! == 1 && item["error"] == null);
    }

    // What an item gives is no different from what a request gives.
    [Theory]
    [InlineData("AES-256")]
    [InlineData("ML-KEM-512")]
    [InlineData("RSA-2048")]
    public async Task A_ciphertext_of_an_item_opens_alone_and_the_other_way_round(string algorithm)
    {
        string kid = (await Client.GenerateAsync(algorithm)).Text("kid");
        string alone = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid })).Text("ciphertext");
        string ofItem = (string)(await Client.MustUseAsync(
            "/crypto/encrypt", new { items = new[] { new { plaintext = "BBBB" } }, kid })).Data["items"]![0]!["ciphertext"]!;

        JsonNode items = (await Client.MustUseAsync(
            "/crypto/decrypt", new { items = new[] { new { ciphertext = alone }, new { ciphertext = ofItem } }, kid })).Data["items"]!;

        ((string?)items[0]!["plaintext"]).Should().Be("AAAA");
        ((string?)items[1]!["plaintext"]).Should().Be("BBBB");
        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = ofItem, kid })).Text("plaintext").Should().Be("BBBB");
    }

    [Theory]
    [InlineData("/crypto/encrypt", "plaintext")]
    [InlineData("/crypto/decrypt", "ciphertext")]
    public async Task A_batch_that_is_none_is_refused_by_field(string route, string member)
    {
        await Client.GenerateAsync("AES-256");

        await Blames("items", "[]");
        await Blames("items", $"[{string.Join(',', Enumerable.Repeat(Item(), 1001))}]");
        await Blames("items", "{}");
        await Blames("items", "5");
        await Blames("items[0]", "[null]");
        await Blames("items[1]", $"[{Item()},null]");
        await Blames($"items[0].{member}", "[{}]");
        await Blames($"items[1].{member}", $"[{Item()},{{\"{member}\":null}}]");
        await Blames($"items[1].{member}", $"[{Item()},{{\"{member}\":5}}]");
        await Blames($"items[1].{member}", $"[{Item()},{{\"{member}\":\"!!\"}}]");
        await Blames("items[0].context", $"[{{\"{member}\":\"AAAA\",\"context\":{{\"a\":null}}}}]");
        await Blames("items[0].nonsense", "[{\"nonsense\":1}]");
        await Blames("items[0]", "[5]");
        await Blames(member, $"[{Item()}]", $",\"{member}\":\"AAAA\"");
        await Blames("context", $"[{Item()}]", ",\"context\":{\"a\":\"1\"}");
        await Blames(member, "null");

        string Item() => $"{{\"{member}\":\"AAAA\"}}";

        async Task Blames(string field, string items, string extra = "") =>
            (await Client.PostJsonAsync(route, $"{{\"items\":{items}{extra}}}")).ShouldBlame(field);
    }

    [Fact]
    public async Task A_bad_item_gets_its_own_error_and_the_others_are_decrypted()
    {
        using HttpClient stranger = await StrangerAsync();
        string first = (await Client.GenerateAsync("AES-256")).Text("kid");
        await stranger.GenerateAsync("AES-256");
        byte[] good = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" })).Bytes("ciphertext");
        byte[] foreign = (await stranger.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" })).Bytes("ciphertext");
        byte[] damaged = [.. good[..^1], (byte)(good[^1] ^ 1)];
        string second = (await Client.RotateAsync("AES-256")).Text("kid");
        byte[] newer = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "BBBB" })).Bytes("ciphertext");

        JsonArray items = (await Client.MustUseAsync("/crypto/decrypt", new
        {
            items = new object[]
            {
                new { ciphertext = good }, new { ciphertext = damaged }, new { ciphertext = foreign },
                new { ciphertext = Array.Empty<byte>() }, new { ciphertext = good, context = new { a = "1" } }, new { ciphertext = newer },
            },
        })).Data["items"]!.AsArray();

        // F-86: what is no ciphertext of an AES key names no key.
        Shape(items).Should().Equal("AAAA", "ERR_KEM_001", "ERR_KEM_001", "ERR_INVALID_001", "ERR_KEM_001", "BBBB");
        items.Select(item => (string?)item!["kid"]).Should().Equal(first, null, null, null, null, second);
        items.Where((_, i) => i != 3).Select(item => (string?)item!["error"]?["message"]).Where(message => message is not null).Distinct()
            .Should().Equal("Decryption failed.");
    }

    [Fact]
    public async Task An_item_that_is_too_long_for_rsa_gets_its_own_error()
    {
        await Client.GenerateAsync("RSA-2048");

        JsonArray items = (await Client.MustUseAsync("/crypto/encrypt", new
        {
            algorithm = "RSA-2048",
            items = new object[]
            {
                new { plaintext = new byte[190] },
                new { plaintext = new byte[191] },
                new { plaintext = "", context = new { a = "1" } },
                new { plaintext = "" }
            },
        })).Data["items"]!.AsArray();

        items.Select(item => (string?)item!["error"]?["error_code"]).Should().Equal(null, "ERR_INVALID_001", "ERR_INVALID_001", null);
        items.Select(item => item!["ciphertext"] is not null).Should().Equal(true, false, false, true);
        (await Client.UseAsync(
            "/crypto/encrypt", new { items = new[] { new { plaintext = "" } }, algorithm = "RSA-2048", context = new { } }))
            .ShouldBlame("context");
    }

    // A-03
    [Fact]
    public async Task A_revoked_key_encrypts_no_item_and_each_of_its_ciphertexts_is_refused_for_itself()
    {
        string revoked = (await Client.GenerateAsync("AES-256", new { name = "app" })).Text("kid");
        await Client.GenerateAsync("AES-256");
        string dead = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", name = "app" })).Text("ciphertext");
        string alive = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "BBBB" })).Text("ciphertext");
        (await Client.RevokeAsync(revoked)).ShouldBe(HttpStatusCode.NoContent);

        (await Client.UseAsync(
            "/crypto/encrypt", new { items = new[] { new { plaintext = "AAAA" }, new { plaintext = "BBBB" } }, kid = revoked }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        JsonArray items = (await Client.MustUseAsync(
            "/crypto/decrypt",
            new { items = new[] { new { ciphertext = dead }, new { ciphertext = alive }, new { ciphertext = dead } } })).Data["items"]!
            .AsArray();
        Shape(items).Should().Equal("ERR_KMS_006", "BBBB", "ERR_KMS_006");
    }

    [Fact]
    public async Task A_narrowed_api_key_decrypts_the_items_of_its_names()
    {
        await Client.GenerateAsync("AES-256", new { name = "app" });
        await Client.GenerateAsync("AES-256", new { name = "web" });
        string ofApp = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", name = "app" })).Text("ciphertext");
        string ofWeb = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "BBBB", name = "web" })).Text("ciphertext");
        using HttpClient narrowed = await NarrowedClientAsync(keyScope: "app");
        object items = new { items = new[] { new { ciphertext = ofApp }, new { ciphertext = ofWeb } } };

        Shape((await narrowed.MustUseAsync("/crypto/decrypt", items)).Data["items"]!.AsArray()).Should().Equal("AAAA", "ERR_KEM_001");
    }

    private static IEnumerable<string?> Shape(JsonArray items) =>
        items.Select(item => (string?)item!["plaintext"] ?? (string?)item["error"]?["error_code"]);
}
