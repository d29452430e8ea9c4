using Qkms.Core.Telemetry;
using Qkms.Tests.Telemetry;

namespace Qkms.Tests.Encryption;

/// <summary>F-60: by name alone, what opens or checks something finds the version that it was made with.</summary>
public sealed class OlderVersionsTests : ServiceTests
{
    private const string Name = "app/one";
    private static readonly byte[] _hello = "hello"u8.ToArray();

    /// <summary>F-60: whatever was made before rotations opens and verifies by name, and the answer names the version that did.</summary>
    [Fact]
    public async Task What_an_older_version_made_opens_and_verifies_by_name()
    {
        await ShareServiceAsync();
        IReadOnlyList<PreparedUse> uses = await PreparedUse.PrepareAsync(Client, Name);
        await RotateAllAsync(Client, uses);
        await RotateAllAsync(Client, uses);

        foreach (PreparedUse use in uses.Where(use => !use.Creates && use.Route != "/kem/decapsulate"))
        {
            Answer byName = (await use.SendAsync(Client, use.ByName)).ShouldBe(HttpStatusCode.OK);

            byName.Text("kid").Should().Be(use.Kid, $"{use}");
            byName.Number("key_version").Should().Be(1);
            Answer byKid = (await use.SendAsync(Client, use.ByKid)).ShouldBe(HttpStatusCode.OK);
            Result(byName).Should().Be(Result(byKid), $"{use}");
            if (use.Verifies)
                ((bool)byName.Data["valid"]!).Should().BeTrue($"{use}");
        }
    }

    /// <summary>F-60: the key needs no active version for that.</summary>
    [Fact]
    public async Task A_key_without_an_active_version_still_opens_by_name()
    {
        await ShareServiceAsync();
        Answer made = await Client.GenerateAsync("ML-KEM-512");
        string ciphertext = await EncryptAsync("ML-KEM-512");
        string secret = (await Client.MustUseAsync("/kem/encapsulate", new { algorithm = "ML-KEM-512" })).Text("kem_ciphertext");
        (await Client.RetireAsync(1, "ML-KEM-512", new { allow_no_active = true })).ShouldBe(HttpStatusCode.OK);

        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext, algorithm = "ML-KEM-512" })).Text("kid")
            .Should().Be(made.Text("kid"));
        (await Client.MustUseAsync("/kem/decapsulate", new { kem_ciphertext = secret, algorithm = "ML-KEM-512" })).Text("kid")
            .Should().Be(made.Text("kid"));
    }

    /// <summary>F-60: each item of a batch finds its own version, and so does what is moved to another key.</summary>
    [Fact]
    public async Task Each_item_finds_its_own_version()
    {
        await ShareServiceAsync();
        List<string> ciphertexts = [];
        List<string> kids = [(await Client.GenerateAsync("ML-KEM-512")).Text("kid")];
        for (int i = 0; i < 3; i++)
        {
            ciphertexts.Add(await EncryptAsync("ML-KEM-512"));
            kids.Add((await Client.RotateAsync("ML-KEM-512")).Text("kid"));
        }

        Answer opened = await Client.MustUseAsync(
            "/crypto/decrypt", new { items = ciphertexts.Select(ciphertext => new { ciphertext }), algorithm = "ML-KEM-512" });
        Answer moved = await Client.MustUseAsync("/crypto/re-encrypt", new { ciphertext = ciphertexts[0], algorithm = "ML-KEM-512" });

        opened.Data["items"]!.AsArray().Select(item => (string)item!["kid"]!).Should().Equal(kids.Take(3));
        moved.Text("source_kid").Should().Be(kids[0]);
        moved.Text("kid").Should().Be(kids[3]);
    }

    /// <summary>F-60: a revoked version is not tried, and what it made fails like anything else that does not open.</summary>
    [Fact]
    public async Task A_version_that_may_not_is_not_tried()
    {
        await ShareServiceAsync();
        string first = (await Client.GenerateAsync("ML-KEM-512")).Text("kid");
        await Client.GenerateAsync("ML-DSA-44");
        string ciphertext = await EncryptAsync("ML-KEM-512");
        string signature = (await Client.MustUseAsync("/signature/sign", new { message = _hello, algorithm = "ML-DSA-44" }))
            .Text("signature");
        string second = (await Client.RotateAsync("ML-KEM-512")).Text("kid");
        Answer signer = await Client.RotateAsync("ML-DSA-44");
        object verify = new { message = _hello, signature, algorithm = "ML-DSA-44" };
        await Client.MustUseAsync("/crypto/decrypt", new { ciphertext, algorithm = "ML-KEM-512" });
        ((bool)(await Client.MustUseAsync("/signature/verify", verify)).Data["valid"]!).Should().BeTrue();

        await Client.RevokeAsync(first);
        await Client.RevokeAsync(signer.Text("previous_kid"));

        (await Client.UseAsync("/crypto/decrypt", new { ciphertext, algorithm = "ML-KEM-512" })).ShouldNotDecrypt();
        Answer verified = await Client.MustUseAsync("/signature/verify", verify);
        ((bool)verified.Data["valid"]!).Should().BeFalse();
        verified.Text("kid").Should().Be(signer.Text("kid"), "where none fits the answer names the newest that was tried");

        await Client.RevokeAsync(second);
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext, algorithm = "ML-KEM-512" }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006").Message.Should().Contain(second);
    }

    /// <summary>F-60: twenty versions are tried and not one more, and revoked ones do not count among them.</summary>
    [Fact]
    public async Task Twenty_versions_are_tried()
    {
        await ShareServiceAsync();
        string oldest = (await Client.GenerateAsync("ML-KEM-512")).Text("kid");
        string ofOldest = await EncryptAsync("ML-KEM-512");
        string second = (await Client.RotateAsync("ML-KEM-512")).Text("kid");
        string ofSecond = await EncryptAsync("ML-KEM-512");
        string third = (await Client.RotateAsync("ML-KEM-512")).Text("kid");
        for (int version = 4; version <= 21; version++)
            await Client.RotateAsync("ML-KEM-512");

        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = ofSecond, algorithm = "ML-KEM-512" })).Text("kid")
            .Should().Be(second);
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = ofOldest, algorithm = "ML-KEM-512" })).ShouldNotDecrypt();
        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = ofOldest, kid = oldest })).Text("kid").Should().Be(oldest);

        (await Client.RevokeAsync(third)).ShouldBe(HttpStatusCode.NoContent);
        (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext = ofOldest, algorithm = "ML-KEM-512" })).Text("kid")
            .Should().Be(oldest);
    }

    /// <summary>F-60: a lost row among the versions to try is a fault, and never passes for "it does not open".</summary>
    [Fact]
    public async Task A_version_that_was_taken_from_the_database_is_noticed()
    {
        string kid = (await Client.GenerateAsync("ML-KEM-512")).Text("kid");
        string ciphertext = await EncryptAsync("ML-KEM-512");
        await Client.RotateAsync("ML-KEM-512");
        await Client.RotateAsync("ML-KEM-512");
        App.Time.OutliveCaches();
        using (Database database = App.OpenDatabase())
            database.Execute($"UPDATE key_versions SET state = 3 WHERE kid = '{kid}'").Should().Be(1);

        (await Client.UseAsync("/crypto/decrypt", new { ciphertext, algorithm = "ML-KEM-512" }))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
    }

    /// <summary>F-60: every version decapsulates, and only one rightly: by name it is refused as soon as there is a second.</summary>
    [Theory]
    [InlineData("enc")]
    [InlineData("kem")]
    public async Task Decapsulation_by_name_is_refused_once_there_are_two_versions(string use)
    {
        await ShareServiceAsync();
        Answer first = await Client.GenerateAsync(KeyVerbs.Kem, new { use });
        Answer sent = await Client.MustUseAsync("/kem/encapsulate", new { });
        string kem_ciphertext = sent.Text("kem_ciphertext");
        (await Client.MustUseAsync("/kem/decapsulate", new { kem_ciphertext })).Text("shared_secret")
            .Should().Be(sent.Text("shared_secret"));

        await Client.RotateAsync(KeyVerbs.Kem, new { use });

        foreach (object choice in new object[] { new { }, new { algorithm = "Kyber768", name = "default" } })
        {
            (await Client.UseAsync("/kem/decapsulate", new { kem_ciphertext }, choice)).ShouldBlame("key_version").Message
                .Should().Contain("'default'").And.Contain("'kid'");
        }

        foreach (object choice in new object[] { new { key_version = 1 }, new { kid = first.Text("kid") } })
        {
            (await Client.MustUseAsync("/kem/decapsulate", new { kem_ciphertext }, choice)).Text("shared_secret")
                .Should().Be(sent.Text("shared_secret"));
        }
    }

    /// <summary>
    /// F-60: what was encapsulated to a version that does not decapsulate any more, or for now, gives no other version's secret by name:
    /// not while its destruction can still be called off, and not after.
    /// </summary>
    [Theory]
    [InlineData("revoke", 1)]
    [InlineData("order", 1)]
    [InlineData("cancel", 1)]
    [InlineData("revoke-and-order", 1)]
    [InlineData("destroy", 1)]
    [InlineData("revoke", 2)]
    [InlineData("retire", 2)]
    public async Task What_was_made_for_a_version_that_is_over_gives_no_other_ones_secret(string change, int number)
    {
        if (change is not "destroy")
            await ShareServiceAsync();

        await Client.GenerateAsync(KeyVerbs.Kem);
        await Client.RotateAsync(KeyVerbs.Kem);
        string kid = (await Client.GetJsonAsync($"/kms/keys/{number}?algorithm={KeyVerbs.Kem}")).Text("kid");
        string other = (await Client.GetJsonAsync($"/kms/keys/{3 - number}?algorithm={KeyVerbs.Kem}")).Text("kid");
        if (change is "revoke" or "revoke-and-order")
            (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
        else if (change is "retire")
            await Client.RetireAsync(number, KeyVerbs.Kem, new { allow_no_active = true });

        if (change is "order" or "cancel" or "revoke-and-order" or "destroy")
            (await Client.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);

        if (change is "cancel")
            (await Client.CancelDeletionAsync(kid)).ShouldBe(HttpStatusCode.OK);
        else if (change is "destroy")
            (await App.SweepAfterAsync(TimeSpan.FromDays(30))).Should().Be(1);

        string kem_ciphertext = Convert.ToBase64String(new byte[1088]);
        (await Client.UseAsync("/kem/decapsulate", new { kem_ciphertext })).ShouldBlame("key_version");
        (await Client.MustUseAsync("/kem/decapsulate", new { kem_ciphertext, kid = other })).Text("kid").Should().Be(other);
    }

    /// <summary>F-60: where no version may, the answer says why and asks for nothing.</summary>
    [Fact]
    public async Task Decapsulation_by_name_says_why_where_no_version_may()
    {
        await ShareServiceAsync();
        string first = (await Client.GenerateAsync(KeyVerbs.Kem)).Text("kid");
        string second = (await Client.RotateAsync(KeyVerbs.Kem)).Text("kid");
        foreach (string kid in (string[])[first, second])
            (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);

        (await Client.UseAsync("/kem/decapsulate", new { kem_ciphertext = Convert.ToBase64String(new byte[1088]) }))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_006").Message.Should().Contain(second);
    }

    private async Task<string> EncryptAsync(string algorithm) =>
        (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = _hello, algorithm })).Text("ciphertext");

    internal static async Task RotateAllAsync(HttpClient client, IReadOnlyList<PreparedUse> uses)
    {
        foreach (string kid in uses.Select(use => use.Kid).Distinct())
        {
            JsonNode key = (await client.GetJsonAsync($"/kms/keys/{kid}")).Data;
            await client.RotateAsync((string)key["algorithm"]!, new { name = Name, use = key["use"] });
        }
    }

    private static string Result(Answer answer) =>
        (answer.Data["plaintext"] ?? answer.Data["symmetric_key"] ?? answer.Data["valid"])!.ToJsonString();
}

/// <summary>F-60: what trying costs in counters and traces.</summary>
[Collection(TelemetryCollection.Name)]
public sealed class OlderVersionsTelemetryTests
{
    /// <summary>F-60: one use is counted, whatever number of versions it tried, and no trial as a refusal.</summary>
    [Fact]
    public async Task A_use_that_tries_several_versions_is_one_use()
    {
        TelemetryRecorder recorder = new();
        await using QkmsApplication app = recorder.Start();
        using HttpClient client = app.KestrelClient();
        await client.GenerateAsync("ML-KEM-512");
        string ciphertext = (await client.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", algorithm = "ML-KEM-512" }))
            .Text("ciphertext");
        await client.RotateAsync("ML-KEM-512");
        await client.RotateAsync("ML-KEM-512");

        await client.MustUseAsync("/crypto/decrypt", new { ciphertext, algorithm = "ML-KEM-512" });
        (await client.UseAsync("/crypto/decrypt", new { ciphertext, algorithm = "ML-KEM-512", context = new { a = "b" } }))
            .ShouldNotDecrypt();

        recorder.Collect()
            .Where(series => series.Instrument == "qkms.operations" && series.Labels[KmsMeter.OperationLabel] == "decrypt")
            .ToDictionary(series => series.Labels[KmsMeter.OutcomeLabel], series => series.Value)
            .Should().BeEquivalentTo(new Dictionary<string, double> { ["ok"] = 1, ["refused"] = 1 });
    }
}
