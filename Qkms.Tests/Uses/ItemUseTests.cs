namespace Qkms.Tests.Uses;

/// <summary>A-32, A-40: the uses of the items of one request are counted and journalled together, before any of them is answered.</summary>
public sealed class ItemUseTests : ServiceTests
{
    /// <summary>A-40: one event for each version and operation, with the number of items; an item that was refused is no use.</summary>
    [Fact]
    public async Task Items_are_one_event_for_each_version_and_operation()
    {
        await ShareServiceAsync();
        string old = (await Client.GenerateAsync("AES-256")).Text("kid");
        string first = await EncryptAsync(old);
        string dataKey = (await Client.MustUseAsync("/data-keys/generate", new { kid = old })).Text("ciphertext");
        string active = (await Client.RotateAsync("AES-256")).Text("kid");
        string second = await EncryptAsync(active);

        Answer decrypted = await Client.MustUseAsync("/crypto/decrypt", new
        {
            items = new object[]
            {
                new { ciphertext = first }, new { ciphertext = second }, new { ciphertext = first, context = new { wrong = "one" } },
                new { ciphertext = first },
            },
        });
        await Client.MustUseAsync("/data-keys/decrypt", new { items = Enumerable.Repeat(new { ciphertext = dataKey }, 3) });
        await Client.MustUseAsync("/crypto/re-encrypt", new { items = new[] { new { ciphertext = first }, new { ciphertext = first } } });

        CodesOf(decrypted).Should().Equal(null, null, "ERR_KEM_001", null);
        (await UsesOfAsync(old)).Should().Equal(
            "encrypt 1, 1 in all", "generate_data_key 1, 2 in all", "decrypt 2, 4 in all", "decrypt_data_key 3, 7 in all",
            "decrypt 2, 9 in all");
        (await UsesOfAsync(active)).Should().Equal("encrypt 1, 1 in all", "decrypt 1, 2 in all", "encrypt 2, 4 in all");
    }

    /// <summary>A-32: of more items than uses are left the first are answered; what the others would have made is no use.</summary>
    [Fact]
    public async Task Of_more_items_than_uses_are_left_the_first_are_answered()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("AES-256", new { kid = "from", name = "from", max_usage_limit = 4 });
        await Client.GenerateAsync("AES-256", new { kid = "to", name = "to" });
        string ciphertext = await EncryptAsync("from");

        Answer decrypted = await Client.MustUseAsync("/crypto/decrypt", new { items = new[] { new { ciphertext } } });
        Answer moved = await Client.MustUseAsync(
            "/crypto/re-encrypt",
            new { items = Enumerable.Repeat(new { ciphertext }, 4), destination = new { kid = "to" } });
        Answer late = await Client.MustUseAsync("/crypto/decrypt", new { items = Enumerable.Repeat(new { ciphertext }, 2) });

        CodesOf(decrypted).Should().Equal((string?)null);
        CodesOf(moved).Should().Equal(null, null, "ERR_KMS_007", "ERR_KMS_007");
        moved.Data["items"]![2]!["ciphertext"].Should().BeNull();
        CodesOf(late).Should().Equal("ERR_KMS_007", "ERR_KMS_007");
        (await UsesOfAsync("from")).Should().Equal("encrypt 1, 1 in all", "decrypt 1, 2 in all", "decrypt 2, 4 in all");
        (await UsesOfAsync("to")).Should().Equal("encrypt 2, 2 in all");
    }

    /// <summary>A-31: the warnings are those after the last of the items.</summary>
    [Fact]
    public async Task The_warning_counts_all_items()
    {
        await ShareServiceAsync();
        await Client.GenerateAsync("AES-256", new { kid = "soft", soft_usage_limit = 2, max_usage_limit = 10 });
        string ciphertext = await EncryptAsync("soft");

        Answer decrypted = await Client.MustUseAsync("/crypto/decrypt", new { items = Enumerable.Repeat(new { ciphertext }, 3) });

        decrypted.Headers["X-Key-Usage-Limit-Warning"].Should().Contain("used=4; soft=2; max=10");
        decrypted.Data["warnings"]!.AsArray().Should().ContainSingle().Which!.ToString().Should().StartWith("4 of 10 uses");
    }

    /// <summary>A-40: when the uses cannot be journalled no item is answered, and none is counted.</summary>
    [Fact]
    public async Task No_item_is_answered_that_is_not_in_the_journal()
    {
        string kid = (await Client.GenerateAsync("AES-256")).Text("kid");
        string ciphertext = await EncryptAsync(kid);
        using Database database = App.OpenDatabase();
        database.Execute("ALTER TABLE audit_events RENAME COLUMN previous_hash TO gone");

        foreach (string route in (string[])["/crypto/decrypt", "/crypto/re-encrypt"])
        {
            (await Client.UseAsync(route, new { items = Enumerable.Repeat(new { ciphertext }, 3) }))
                .ShouldBeRefused(HttpStatusCode.ServiceUnavailable, "ERR_SERVICE_001");
        }

        database.Execute("ALTER TABLE audit_events RENAME COLUMN gone TO previous_hash");
        await Eventually.HoldsAsync(async () =>
            (await Client.UseAsync("/crypto/decrypt", new { items = new[] { new { ciphertext } } })).Status == HttpStatusCode.OK);
        (await UsesOfAsync(kid)).Should().Equal("encrypt 1, 1 in all", "decrypt 1, 2 in all");
    }

    private async Task<string> EncryptAsync(string kid) =>
        (await Client.MustUseAsync("/crypto/encrypt", new { kid, plaintext = "AA==" })).Text("ciphertext");

    private static IEnumerable<string?> CodesOf(Answer answer) =>
        answer.Data["items"]!.AsArray().Select(item => (string?)item!["error"]?["error_code"]);

    private async Task<string?[]> UsesOfAsync(string kid)
    {
        JsonNode data = (await Client.GetJsonAsync($"/audit/events?stream=2&kid={kid}&action=key.used&order=asc"))
            .ShouldBe(HttpStatusCode.OK).Data;
        return [.. data["events"]!.AsArray().Select(one => (string?)one!["reason"])];
    }
}
