namespace Qkms.Tests.Encryption.DataKeys;

/// <summary>F-68: many data keys in one request, as /crypto/encrypt has items.</summary>
public sealed class DataKeyItemsTests : SharedServiceTests
{
    /// <summary>F-68: each with its length and context, from one key; recovered alone and together.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("hex")]
    public async Task Items_are_generated_and_recovered(string? encoding)
    {
        string kid = (await Client.GenerateAsync("AES-256")).Text("kid");

        Answer made = await Client.MustUseAsync(
            "/data-keys/generate",
            new { items = new object[] { new { }, new { bytes = 16 }, new { bytes = 1024, context = new { a = "1" } } }, encoding });
        JsonArray items = made.Data["items"]!.AsArray();
        string[] plaintexts = [.. items.Select(item => (string)item!["plaintext"]!)];
        string[] wrapped = [.. items.Select(item => (string)item!["ciphertext"]!)];
        Answer opened = await Client.MustUseAsync(
            "/data-keys/decrypt",
            new
            {
                items = new object[]
                {
                    new { ciphertext = wrapped[2], context = new { a = "1" } }, new { ciphertext = wrapped[2] },
                    new { ciphertext = wrapped[0] },
                },
                encoding,
            });

        made.Text("kid").Should().Be(kid);
        made.Data.AsObject().ContainsKey("ciphertext").Should().BeFalse();
        plaintexts.Select(text => (encoding is null ? Convert.FromBase64String(text) : Convert.FromHexString(text)).Length)
            .Should().Equal(32, 16, 1024);
        JsonArray results = opened.Data["items"]!.AsArray();
        ((string?)results[0]!["plaintext"]).Should().Be(plaintexts[2]);
        ((string?)results[0]!["kid"]).Should().Be(kid);
        ((string?)results[1]!["error"]!["error_code"]).Should().Be("ERR_KEM_001");
        ((string?)results[2]!["plaintext"]).Should().Be(plaintexts[0]);
        (await Client.MustUseAsync("/data-keys/decrypt", new { ciphertext = wrapped[1], encoding })).Text("plaintext")
            .Should().Be(plaintexts[1]);
    }

    /// <summary>F-68: without the plaintexts, when they are not wanted.</summary>
    [Fact]
    public async Task Plaintexts_are_left_out_when_they_are_not_wanted()
    {
        await Client.GenerateAsync("AES-256");

        JsonArray items = (await Client.MustUseAsync(
            "/data-keys/generate", new { items = new[] { new { }, new { } }, plaintext = false })).Data["items"]!.AsArray();

        items.Should().HaveCount(2).And.OnlyContain(item => item!.AsObject().Count == 1 && item["ciphertext"] != null);
    }

    /// <summary>F-68: a thousand items with contexts are a body of more than 64 KB, and one that is taken.</summary>
    [Fact]
    public async Task As_many_items_as_there_may_be_have_room_for_contexts()
    {
        await Client.GenerateAsync("AES-256");
        object[] items =
            [.. Enumerable.Range(0, 1000).Select(i => new { context = new { table = "customers", row = $"customer number {i:D40}" } })];

        JsonArray made = (await Client.MustUseAsync("/data-keys/generate", new { items, plaintext = false })).Data["items"]!.AsArray();

        made.Should().HaveCount(1000).And.OnlyContain(item => item!["ciphertext"] != null);
    }

    /// <summary>F-68: the same limits, and the item at fault is named.</summary>
    [Fact]
    public async Task Items_that_are_not_as_described_are_refused_by_field()
    {
        const string Generate = "/data-keys/generate";
        const string Decrypt = "/data-keys/decrypt";
        (string Route, string Body, string Field)[] cases =
        [
            (Generate, """{"items":[]}""", "items"),
            (Generate, $$"""{"items":[{{string.Join(',', Enumerable.Repeat("{}", 1001))}}]}""", "items"),
            (Generate, """{"items":[{},{"bytes":15}]}""", "items[1].bytes"),
            (Generate, """{"items":[{"context":{"":"x"}}]}""", "items[0].context"),
            (Generate, """{"items":[null]}""", "items[0]"),
            (Generate, """{"items":[{}],"bytes":32}""", "bytes"),
            (Generate, """{"items":[{}],"context":{"a":"b"}}""", "context"),
            (Decrypt, """{}""", "ciphertext"),
            (Decrypt, """{"items":[{"ciphertext":""}],"ciphertext":""}""", "ciphertext"),
            (Decrypt, """{"items":[{}]}""", "items[0].ciphertext"),
            (Decrypt, $$"""{"items":[{"ciphertext":"{{Convert.ToBase64String(new byte[1126])}}"}]}""", "items[0].ciphertext"),
            (Decrypt, """{"items":[{"ciphertext":""}],"context":{}}""", "context"),
        ];

        foreach ((string route, string body, string field) in cases)
            (await Client.PostJsonAsync(route, body)).ShouldBlame(field);
    }
}
