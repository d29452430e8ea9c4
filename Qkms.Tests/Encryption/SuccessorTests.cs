namespace Qkms.Tests.Encryption;

/// <summary>A retired kid and the end of its rotation chain.</summary>
public sealed class SuccessorTests : ServiceTests
{
    private const string Name = "chain";

    //
    [Fact]
    public async Task Making_something_under_a_retired_kid_uses_the_end_of_its_chain_unless_strict()
    {
        await ShareServiceAsync();
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, Name);
        Dictionary<string, (string Second, string Third)> chains = await RotateTwiceAsync(Client, uses);

        foreach (PreparedUse use in uses.Where(use => use.Creates && !use.Signs))
        {
            (string second, string third) = chains[use.Kid];
            foreach ((string requested, string next) in new[] { (use.Kid, second), (second, third) })
            {
                foreach (object choice in new object[] { new { kid = requested }, new { kid = requested, strict = false } })
                {
                    Answer answer = (await use.SendAsync(Client, choice)).ShouldBe(HttpStatusCode.OK);
                    answer.Text("kid").Should().Be(third, $"{use}");
                    answer.Number("key_version").Should().Be(3);
                    answer.Text("requested_kid").Should().Be(requested);
                }

                (await use.SendAsync(Client, new { kid = requested, strict = true })).ShouldNameNext("ERR_KMS_008", next);
            }

            Answer exact = (await use.SendAsync(Client, new { kid = third, strict = true })).ShouldBe(HttpStatusCode.OK);
            exact.Text("kid").Should().Be(third);
            exact.Data["requested_kid"].Should().BeNull("nothing else than what was asked for is used");
            (await use.SendAsync(Client, new { key_version = 1, algorithm = use.Algorithm, name = Name, strict = false }))
                .ShouldNameNext("ERR_KMS_008", second);
        }
    }

    // what was made under the kid asked for opens with the kid that was used, and only with it.
    [Theory]
    [InlineData("AES-256")]
    [InlineData("ML-KEM-512")]
    [InlineData("RSA-2048")]
    public async Task What_the_successor_encrypted_opens_with_the_kid_in_the_answer(string algorithm)
    {
        await ShareServiceAsync();
        string first = (await Client.GenerateAsync(algorithm)).Text("kid");
        string second = (await Client.RotateAsync(algorithm)).Text("kid");

        Answer encrypted = await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "hello"u8.ToArray(), kid = first });

        string ciphertext = encrypted.Text("ciphertext");
        Answer decrypted = await Client.MustUseAsync("/crypto/decrypt", new { ciphertext, kid = encrypted.Text("kid") });
        decrypted.Bytes("plaintext").Should().Equal("hello"u8.ToArray());
        decrypted.Text("kid").Should().Be(second);
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext, kid = first })).ShouldNotDecrypt();
    }

    //
    [Fact]
    public async Task Signing_follows_only_when_asked_to()
    {
        await ShareServiceAsync();
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, Name);
        Dictionary<string, (string Second, string Third)> chains = await RotateTwiceAsync(Client, uses);

        PreparedUse[] signing = [.. uses.Where(use => use.Signs)];
        signing.Length.Should().Be(8);
        foreach (PreparedUse use in signing)
        {
            (string second, string third) = chains[use.Kid];
            (await use.SendAsync(Client, use.ByKid)).ShouldNameNext("ERR_KMS_008", second);
            (await use.SendAsync(Client, new { kid = use.Kid, follow = false })).ShouldNameNext("ERR_KMS_008", second);
            (await use.SendAsync(Client, new { kid = use.Kid, strict = false })).ShouldBlame("strict");
            Answer followed = (await use.SendAsync(Client, new { kid = use.Kid, follow = true })).ShouldBe(HttpStatusCode.OK);
            followed.Text("kid").Should().Be(third, $"{use}");
            followed.Text("requested_kid").Should().Be(use.Kid);
            (await use.SendAsync(Client, new { key_version = 1, algorithm = use.Algorithm, name = Name, follow = true }))
                .ShouldNameNext("ERR_KMS_008", second);

            JsonObject input = use.Input.DeepClone().AsObject();
            (string member, string route) = use.Route switch
            {
                "/signature/sign" => ("signature", "/signature/verify"),
                "/signature/sign-hash" => ("signature", "/signature/verify-hash"),
                _ => ("mac", "/mac/verify"),
            };
            input[member] = followed.Text(member);
            Answer ofThird = await Client.MustUseAsync(route, input, new { kid = third });
            ((bool)ofThird.Data["valid"]!).Should().BeTrue();
            Answer ofFirst = await Client.MustUseAsync(route, input, new { kid = use.Kid });
            ((bool)ofFirst.Data["valid"]!).Should().BeFalse("verifying uses exactly the kid named");
            ofFirst.Text("kid").Should().Be(use.Kid);
        }
    }

    //
    [Fact]
    public async Task Reading_uses_exactly_the_kid_named()
    {
        await ShareServiceAsync();
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, Name);
        Dictionary<string, (string Second, string Third)> chains = await RotateTwiceAsync(Client, uses);

        foreach (PreparedUse use in uses.Where(use => !use.Creates))
        {
            Answer own = (await use.SendAsync(Client, use.ByKid)).ShouldBe(HttpStatusCode.OK);
            own.Text("kid").Should().Be(use.Kid, $"{use}");
            own.Data["requested_kid"].Should().BeNull();

            Answer others = await use.SendAsync(Client, new { kid = chains[use.Kid].Third });
            if (use.Verifies)
                ((bool)others.ShouldBe(HttpStatusCode.OK).Data["valid"]!).Should().BeFalse();
            else if (use.Route == "/kem/decapsulate")
                others.ShouldBe(HttpStatusCode.OK).Text("shared_secret").Should().NotBe(own.Text("shared_secret"));
            else
                others.ShouldNotDecrypt($"{use}");
        }
    }

    //
    [Fact]
    public async Task A_chain_whose_end_is_revoked_is_refused_and_one_with_a_revoked_middle_is_not()
    {
        await ShareServiceAsync();
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, Name);
        Dictionary<string, (string Second, string Third)> chains = await RotateTwiceAsync(Client, uses);
        PreparedUse[] making = [.. uses.Where(use => use.Creates)];

        foreach ((string second, _) in chains.Values)
            (await Client.RevokeAsync(second)).ShouldBe(HttpStatusCode.NoContent);

        foreach (PreparedUse use in making)
        {
            (await SendFollowingAsync(Client, use, use.Kid)).ShouldBe(HttpStatusCode.OK).Text("kid")
                .Should().Be(chains[use.Kid].Third, $"{use}");
            (await SendFollowingAsync(Client, use, chains[use.Kid].Second)).ShouldNameNext("ERR_KMS_006", chains[use.Kid].Third);
        }

        foreach ((_, string third) in chains.Values)
            (await Client.RevokeAsync(third)).ShouldBe(HttpStatusCode.NoContent);

        foreach (PreparedUse use in making)
            (await SendFollowingAsync(Client, use, use.Kid)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006");
    }

    //
    [Fact]
    public async Task A_chain_whose_end_is_retired_without_successor_is_refused()
    {
        await ShareServiceAsync();
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, Name);
        await RotateTwiceAsync(Client, uses);
        foreach (PreparedUse use in uses.DistinctBy(use => use.Kid))
            (await Client.RetireAsync(3, use.Algorithm, new { name = Name, use = UseOf(use), allow_no_active = true }))
                .ShouldBe(HttpStatusCode.OK);

        foreach (PreparedUse use in uses.Where(use => use.Creates))
        {
            Answer answer = (await SendFollowingAsync(Client, use, use.Kid)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_008");
            answer.Details.Should().BeEmpty("there is no successor to name");
        }
    }

    // chains will cross keys when the algorithm changes; the end is what is used, so it is what must be allowed and able.
    [Fact]
    public async Task A_chain_that_leads_to_another_key_is_judged_by_its_end()
    {
        string start = (await Client.GenerateAsync("AES-256", new { name = "app" })).Text("kid");
        string end = (await Client.GenerateAsync("ML-KEM-512", new { name = "web" })).Text("kid");
        (await Client.RetireAsync(1, "AES-256", new { name = "app", allow_no_active = true })).ShouldBe(HttpStatusCode.OK);
        await App.RewriteAsync(start, version => version with { NextKid = Kid.FromStored(end) });
        using HttpClient onlyApp = await App.NarrowedClientAsync(keyScope: "app");
        using HttpClient both = await App.NarrowedClientAsync(keyScope: "app web");

        Answer followed = await both.MustUseAsync("/crypto/encrypt", new { plaintext = "", kid = start });
        followed.Text("kid").Should().Be(end);
        followed.Text("requested_kid").Should().Be(start);
        followed.Text("algorithm_id").Should().Be("ML-KEM-512");
        (await onlyApp.UseAsync("/crypto/encrypt", new { plaintext = "", kid = start }))
            .ShouldBeRefused(HttpStatusCode.NotFound, "ERR_KMS_003");
        (await onlyApp.UseAsync("/crypto/encrypt", new { plaintext = "", kid = start, strict = true })).ShouldNameNext("ERR_KMS_008", end);
        (await both.UseAsync("/data-keys/generate", new { kid = start })).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_SIG_001");
        (await both.UseAsync("/kem/encapsulate", new { kid = start })).ShouldBe(HttpStatusCode.OK).Text("kid").Should().Be(end);
    }

    private static Task<Answer> SendFollowingAsync(HttpClient client, PreparedUse use, string kid) =>
        use.SendAsync(client, use.Signs ? new { kid, follow = true } : new { kid });

    private static async Task<Dictionary<string, (string Second, string Third)>> RotateTwiceAsync(
        HttpClient client, IEnumerable<PreparedUse> uses)
    {
        Dictionary<string, (string, string)> chains = [];
        foreach (PreparedUse use in uses.DistinctBy(use => use.Kid))
        {
            object extra = new { name = Name, use = UseOf(use) };
            chains[use.Kid] = (
                (await client.RotateAsync(use.Algorithm, extra)).Text("kid"), (await client.RotateAsync(use.Algorithm, extra)).Text("kid"));
        }

        return chains;
    }

    private static string UseOf(PreparedUse use) => use.Signs || use.Verifies ? "sig" : "enc";
}
