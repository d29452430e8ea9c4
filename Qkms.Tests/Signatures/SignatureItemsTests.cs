namespace Qkms.Tests.Signatures;

/// <summary>F-68: many signatures in one request, as /crypto/encrypt has items: one key for all, and each item for itself.</summary>
public sealed class SignatureItemsTests : SharedServiceTests
{
    private static readonly byte[][] _messages = [.. Enumerable.Range(0, 5).Select(i => new[] { (byte)i })];

    /// <summary>F-68: in order, with the context of each, and no different from one alone.</summary>
    [Theory]
    [InlineData("ML-DSA-44", null, true)]
    [InlineData("RSA-2048", "sig", false)]
    [InlineData("Ed25519", null, false)]
    public async Task Items_come_back_in_their_order(string algorithm, string? use, bool hasContext)
    {
        string kid = (await Client.GenerateAsync(algorithm, new { use })).Text("kid");
        byte[]? Context(int i) => hasContext ? [(byte)i] : null;

        Answer signed = await Client.MustUseAsync(
            "/signature/sign",
            new { items = _messages.Select((message, i) => new { message, signature_context = Context(i) }), algorithm });
        string[] signatures = [.. signed.Data["items"]!.AsArray().Select(item => (string)item!["signature"]!)];
        Answer verified = await Client.MustUseAsync(
            "/signature/verify",
            new
            {
                items = _messages.Select((message, i) => new { message, signature = signatures[i], signature_context = Context(i) }),
                algorithm,
            });

        signed.Text("kid").Should().Be(kid);
        signed.Data.AsObject().ContainsKey("signature").Should().BeFalse();
        signatures.Distinct().Should().HaveCount(_messages.Length);
        JsonArray results = verified.Data["items"]!.AsArray();
        results.Should().OnlyContain(item => (bool)item!["valid"]! && (string)item["kid"]! == kid && (int)item["key_version"]! == 1);
        verified.Data.AsObject().ContainsKey("valid").Should().BeFalse();
        verified.Data.AsObject().ContainsKey("kid").Should().BeFalse();
        for (int i = 0; i < _messages.Length; i++)
        {
            ((bool)(await Client.MustUseAsync(
                "/signature/verify",
                new { message = _messages[i], signature = signatures[i], signature_context = Context(i), algorithm })).Data["valid"]!)
                .Should().BeTrue();
        }
    }

    /// <summary>F-68: hashes too, with the warning once for all.</summary>
    [Fact]
    public async Task Hashes_are_signed_and_verified_as_items()
    {
        await Client.GenerateAsync("ML-DSA-65");
        byte[][] hashes = [.. _messages.Select(message => SHA256.HashData(message))];

        Answer signed = await Client.MustUseAsync(
            "/signature/sign-hash", new { items = hashes.Select(hash => new { hash }), hash_algorithm = "SHA-256" });
        string[] signatures = [.. signed.Data["items"]!.AsArray().Select(item => (string)item!["signature"]!)];
        Answer verified = await Client.MustUseAsync(
            "/signature/verify-hash",
            new { items = hashes.Select((hash, i) => new { hash, signature = signatures[i == 2 ? 1 : i] }), hash_algorithm = "SHA-256" });

        signed.Data["warnings"]!.AsArray().Should().ContainSingle();
        signed.Text("hash_algorithm").Should().Be("SHA-256");
        verified.Data["items"]!.AsArray().Select(item => (bool)item!["valid"]!).Should().Equal(true, true, false, true, true);
        verified.Data["warnings"]!.AsArray().Should().ContainSingle();
    }

    /// <summary>F-68: the same limits, and the item at fault is named.</summary>
    [Theory]
    [InlineData("/signature/sign", "\"message\":\"\"", "message", "")]
    [InlineData("/signature/verify", "\"message\":\"\",\"signature\":\"\"", "message", "")]
    [InlineData(
        "/signature/sign-hash", "\"hash\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", "hash",
        ",\"hash_algorithm\":\"SHA-256\"")]
    [InlineData(
        "/signature/verify-hash", "\"hash\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"signature\":\"\"", "hash",
        ",\"hash_algorithm\":\"SHA-256\"")]
    public async Task Items_that_are_not_as_described_are_refused_by_field(string route, string item, string member, string shared)
    {
        string good = $"{{{item}}}";
        await ShouldBlameAsync("items", "[]");
        await ShouldBlameAsync("items", $"[{string.Join(',', Enumerable.Repeat(good, 1001))}]");
        await ShouldBlameAsync("items[1]", $"[{good},null]");
        await ShouldBlameAsync($"items[1].{member}", $"[{good},{{}}]");
        string tooLong = Convert.ToBase64String(new byte[256]);
        await ShouldBlameAsync("items[0].signature_context", $"[{{{item},\"signature_context\":\"{tooLong}\"}}]");
        await ShouldBlameAsync(member, $"[{good}],{item}");
        await ShouldBlameAsync("signature_context", $"[{good}],\"signature_context\":\"AAAA\"");
        (await Client.PostJsonAsync(route, $"{{{shared.TrimStart(',')}}}")).ShouldBlame(member);

        async Task ShouldBlameAsync(string field, string items) =>
            (await Client.PostJsonAsync(route, $"{{\"items\":{items}{shared}}}")).ShouldBlame(field);
    }

    /// <summary>F-68: a refusal of the key concerns all that sign; where each names its own key, the item alone.</summary>
    [Fact]
    public async Task A_refusal_of_the_key_concerns_all_that_sign()
    {
        string kid = (await Client.GenerateAsync("Ed25519")).Text("kid");
        string signature = (await Client.MustUseAsync("/signature/sign", new { message = _messages[0], algorithm = "Ed25519" }))
            .Text("signature");
        (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);

        (await Client.UseAsync("/signature/sign", new { items = new[] { new { message = _messages[0] } }, kid }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
        JsonNode item = (await Client.MustUseAsync(
            "/signature/verify", new { items = new[] { new { message = _messages[0], signature } }, kid })).Data["items"]![0]!;
        ((string?)item["error"]!["error_code"]).Should().Be("ERR_KMS_006");
    }

    /// <summary>F-60, F-68: items find older versions too, each its own, and all together try no more than a thousand.</summary>
    [Fact]
    public async Task Items_by_name_find_their_versions_within_a_bound()
    {
        List<(byte[] Message, string Signature)> made = [];
        await Client.GenerateAsync("Ed25519");
        for (int i = 0; i < 3; i++)
        {
            made.Add(
                (_messages[i],
                (await Client.MustUseAsync("/signature/sign", new { message = _messages[i], algorithm = "Ed25519" })).Text("signature")));
            await Client.RotateAsync("Ed25519");
        }

        Answer found = await Client.MustUseAsync(
            "/signature/verify",
            new { items = made.Select(one => new { message = one.Message, signature = one.Signature }), algorithm = "Ed25519" });
        found.Data["items"]!.AsArray().Select(item => (int)item!["key_version"]!).Should().Equal(1, 2, 3);

        // Three older versions for each of 1,000 items: the first 333 are tried with all of them.
        Answer bounded = await Client.MustUseAsync(
            "/signature/verify",
            new { items = Enumerable.Repeat(new { message = _messages[0], signature = "AAAA" }, 1000), algorithm = "Ed25519" });
        JsonArray items = bounded.Data["items"]!.AsArray();
        items.Take(333).Should().OnlyContain(item => item!["error"] == null && !(bool)item["valid"]!);
        items.Skip(333).Should().OnlyContain(item => (string?)item!["error"]!["error_code"] == "ERR_INVALID_001");
    }
}
