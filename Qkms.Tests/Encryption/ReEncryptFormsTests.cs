namespace Qkms.Tests.Encryption;

/// <summary>F-67: /crypto/re-encrypt of all that keys make: ciphertexts of both roads and wrapped keys, alone and as items.</summary>
public sealed class ReEncryptFormsTests : SharedServiceTests
{
    private const string Kem = KeyVerbs.Kem;
    private static readonly byte[] _hello = "hello"u8.ToArray();
    private static readonly byte[] _aad = "header"u8.ToArray();

    /// <summary>F-67: a ciphertext of /kem/encrypt keeps its aad or gets another, and stays one of /kem.</summary>
    [Fact]
    public async Task A_ciphertext_with_aad_moves_to_the_new_version_and_stays_one()
    {
        string first = (await Client.GenerateAsync()).Text("kid");
        string ciphertext = (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello, aad = _aad })).Text("ciphertext");
        string bare = (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello })).Text("ciphertext");
        string second = (await Client.RotateAsync()).Text("kid");

        Answer moved = await Client.MustUseAsync("/crypto/re-encrypt", new { ciphertext, aad = _aad });
        Answer other = await Client.MustUseAsync(
            "/crypto/re-encrypt", new { ciphertext, aad = _aad, kid = first, destination = new { aad = "AAAA" } });
        Answer moveOfBare = await Client.MustUseAsync("/crypto/re-encrypt", new { ciphertext = bare, aad = "" });

        (moved.Text("source_kid"), moved.Text("kid")).Should().Be((first, second));
        await ShouldOpenAsync("/kem/decrypt", new { ciphertext = moved.Text("ciphertext"), aad = _aad, kid = second });
        await ShouldOpenAsync("/kem/decrypt", new { ciphertext = other.Text("ciphertext"), aad = "AAAA", kid = second });
        await ShouldOpenAsync("/kem/decrypt", new { ciphertext = moveOfBare.Text("ciphertext"), kid = second });
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext, aad = "AAAA" })).ShouldNotDecrypt();
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext, algorithm = Kem })).ShouldNotDecrypt();
    }

    /// <summary>F-67, F-21: from one road to the other, which the same permission opens; so ciphertexts of earlier builds move.</summary>
    [Fact]
    public async Task A_ciphertext_moves_from_one_road_to_the_other()
    {
        await Client.GenerateAsync();
        await Client.GenerateAsync("AES-256");
        object context = new { a = "1" };
        byte[] canonical = [0, 0, 0, 1, 0, 0, 0, 1, (byte)'a', 0, 0, 0, 1, (byte)'1'];

        // What /crypto/encrypt made before it had an info of its own is this.
        string early = (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello, aad = canonical })).Text("ciphertext");
        string toContext = (await Client.MustUseAsync(
            "/crypto/re-encrypt", new { ciphertext = early, aad = canonical, destination = new { context } })).Text("ciphertext");
        await ShouldOpenAsync("/crypto/decrypt", new { ciphertext = toContext, context, algorithm = Kem });

        string toAes = (await Client.MustUseAsync(
            "/crypto/re-encrypt",
            new { ciphertext = early, aad = canonical, destination = new { algorithm = "AES-256", context } })).Text("ciphertext");
        await ShouldOpenAsync("/crypto/decrypt", new { ciphertext = toAes, context });
        string toAad = (await Client.MustUseAsync(
            "/crypto/re-encrypt", new { ciphertext = toAes, context, destination = new { name = "default", aad = _aad } }))
            .Text("ciphertext");
        await ShouldOpenAsync("/kem/decrypt", new { ciphertext = toAad, aad = _aad });

        (await Client.UseAsync(
            "/crypto/re-encrypt", new { ciphertext = early, aad = canonical, destination = new { algorithm = "AES-256" } }))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
    }

    /// <summary>F-67: a wrapped key stays a wrapped key, so that nobody who may not unwrap gets it another way.</summary>
    [Fact]
    public async Task A_wrapped_key_moves_and_stays_one()
    {
        string first = (await Client.GenerateAsync()).Text("kid");
        byte[] key = RandomNumberGenerator.GetBytes(32);
        string wrapped_key = (await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = key, aad = _aad })).Text("wrapped_key");
        string second = (await Client.RotateAsync()).Text("kid");
        using HttpClient narrowed = await NarrowedClientAsync("crypto:re-encrypt kem:unwrap kem:wrap");

        Answer moved = await narrowed.MustUseAsync("/crypto/re-encrypt", new { wrapped_key, aad = _aad });
        Answer other = await narrowed.MustUseAsync("/crypto/re-encrypt", new { wrapped_key, aad = _aad, destination = new { aad = "" } });

        (moved.Text("source_kid"), moved.Text("kid")).Should().Be((first, second));
        moved.Data.AsObject().ContainsKey("ciphertext").Should().BeFalse();
        string again = moved.Text("wrapped_key");
        (await Client.MustUseAsync("/kem/key/unwrap", new { wrapped_key = again, aad = _aad, kid = second })).Bytes("symmetric_key")
            .Should().Equal(key);
        (await Client.MustUseAsync("/kem/key/unwrap", new { wrapped_key = other.Text("wrapped_key") })).Bytes("symmetric_key")
            .Should().Equal(key);
        (await Client.UseAsync("/kem/decrypt", new { ciphertext = again, aad = _aad })).ShouldNotDecrypt();
        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = wrapped_key, aad = _aad })).ShouldNotDecrypt();
        (await Client.UseAsync("/crypto/re-encrypt", new { wrapped_key })).ShouldNotDecrypt();
    }

    /// <summary>F-67: many at once, of every form; each stands for itself.</summary>
    [Fact]
    public async Task Items_of_every_form_move_in_their_order()
    {
        await Client.GenerateAsync();
        await Client.GenerateAsync("AES-256");
        string blob = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, context = new { a = "1" } }))
            .Text("ciphertext");
        string dataKey = (await Client.MustUseAsync("/data-keys/generate", new { })).Text("ciphertext");
        string hpke = (await Client.MustUseAsync("/kem/encrypt", new { plaintext = _hello, aad = _aad })).Text("ciphertext");
        string wrapped = (await Client.MustUseAsync("/kem/key/wrap", new { symmetric_key = _hello })).Text("wrapped_key");
        string aes = (await Client.RotateAsync("AES-256")).Text("kid");
        string kem = (await Client.RotateAsync()).Text("kid");

        Answer moved = await Client.MustUseAsync(
            "/crypto/re-encrypt",
            new
            {
                items = new object[]
                {
                    new { ciphertext = blob, context = new { a = "1" } }, new { ciphertext = blob }, new { ciphertext = dataKey },
                    new { ciphertext = hpke, aad = _aad }, new { wrapped_key = wrapped },
                },
            });

        JsonArray items = moved.Data["items"]!.AsArray();
        items.Select(item => (string?)item!["kid"]).Should().Equal(aes, null, aes, kem, kem);
        ((string?)items[1]!["error"]!["error_code"]).Should().Be("ERR_KEM_001");
        moved.Data.AsObject().Select(member => member.Key).Should().BeEquivalentTo("items", "requested_kid", "warnings");
        await ShouldOpenAsync("/crypto/decrypt", new { ciphertext = (string?)items[0]!["ciphertext"], context = new { a = "1" } });
        await Client.MustUseAsync("/data-keys/decrypt", new { ciphertext = (string?)items[2]!["ciphertext"] });
        await ShouldOpenAsync("/kem/decrypt", new { ciphertext = (string?)items[3]!["ciphertext"], aad = _aad });
        (await Client.MustUseAsync("/kem/key/unwrap", new { wrapped_key = (string?)items[4]!["wrapped_key"] })).Bytes("symmetric_key")
            .Should().Equal(_hello);
    }

    /// <summary>F-67: what does not belong together is refused by field.</summary>
    [Theory]
    [InlineData("""{}""", "ciphertext")]
    [InlineData("""{"ciphertext":"AAAA","wrapped_key":"AAAA"}""", "ciphertext")]
    [InlineData("""{"ciphertext":"AAAA","context":{},"aad":""}""", "aad")]
    [InlineData("""{"wrapped_key":"AAAA","context":{}}""", "context")]
    [InlineData("""{"wrapped_key":"AAAA","destination":{"context":{}}}""", "wrapped_key")]
    [InlineData("""{"ciphertext":"AAAA","destination":{"context":{},"aad":""}}""", "destination.aad")]
    [InlineData("""{"items":[{"ciphertext":"AAAA"}],"ciphertext":"AAAA"}""", "ciphertext")]
    [InlineData("""{"items":[{"ciphertext":"AAAA"}],"wrapped_key":"AAAA"}""", "wrapped_key")]
    [InlineData("""{"items":[{"ciphertext":"AAAA"}],"aad":"AAAA"}""", "aad")]
    [InlineData("""{"items":[{"ciphertext":"AAAA"}],"context":{}}""", "context")]
    [InlineData("""{"items":[]}""", "items")]
    [InlineData("""{"items":[{}]}""", "items[0].ciphertext")]
    [InlineData("""{"items":[{"ciphertext":"AAAA"},{"wrapped_key":"AAAA","context":{}}]}""", "items[1].context")]
    [InlineData("""{"items":[{"wrapped_key":"AAAA"}],"destination":{"context":{}}}""", "items[0].wrapped_key")]
    [InlineData("""{"ciphertext":"AAAA","destination":{"aad":"A"}}""", "destination.aad")]
    public async Task What_does_not_belong_together_is_refused_by_field(string body, string field) =>
        (await Client.PostJsonAsync("/crypto/re-encrypt", body)).ShouldBlame(field);

    /// <summary>F-67: a wrapped data key has a context and no aad, so it gets none.</summary>
    [Fact]
    public async Task A_wrapped_data_key_gets_no_aad()
    {
        await Client.GenerateAsync("AES-256");
        string dataKey = (await Client.MustUseAsync("/data-keys/generate", new { })).Text("ciphertext");

        (await Client.UseAsync("/crypto/re-encrypt", new { ciphertext = dataKey, destination = new { aad = _aad } }))
            .ShouldBlame("destination.aad");
    }

    private async Task ShouldOpenAsync(string route, object body) =>
        (await Client.MustUseAsync(route, body)).Bytes("plaintext").Should().Equal(_hello);
}
