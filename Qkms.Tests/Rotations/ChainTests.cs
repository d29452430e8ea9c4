namespace Qkms.Tests.Rotations;

/// <summary>A-15: a chain is walkable both ways without bound.</summary>
public sealed class ChainTests : ServiceTests
{
    private const int Length = 25;

    /// <summary>A-15: over pages, from either end, each version once.</summary>
    [Fact]
    public async Task A_chain_is_walked_both_ways_over_pages()
    {
        string[] kids = await MakeAsync();

        (await WalkAsync(kids[0], "next", 7)).Should().Equal(kids);
        (await WalkAsync(kids[^1], "previous", 7)).Should().Equal(kids.Reverse());
        (await WalkAsync(kids[10], "next", 5)).Should().Equal(kids[10..]);
        (await WalkAsync(kids[10], "previous", 11)).Should().Equal(kids[..11].Reverse());
        (await WalkAsync(kids[^1], "next", 1)).Should().Equal(kids[^1]);
    }

    /// <summary>A-15: a cursor belongs to its tenant, direction and name.</summary>
    [Fact]
    public async Task A_cursor_of_another_list_is_refused()
    {
        string[] kids = await MakeAsync();
        string cursor = (await Client.GetJsonAsync($"/kms/keys/{kids[0]}/chain?limit=3")).Text("next_cursor");
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { name = "other", kid = "other" });
        HttpClient stranger = App.ClientFor(await App.CreateTenantAsync("stranger"));
        await stranger.GenerateAsync(KeyUseVerbs.Aes, new { kid = "mine" });

        foreach ((HttpClient client, string path) in new[]
        {
            (Client, $"/kms/keys/{kids[0]}/chain?direction=previous&cursor={cursor}"),
            (Client, $"/kms/keys/other/chain?cursor={cursor}"),
            (Client, $"/kms/keys?cursor={cursor}"),
            (stranger, $"/kms/keys/mine/chain?cursor={cursor}"),
            (Client, $"/kms/keys/{kids[0]}/chain?cursor={cursor[..^1]}"),
        })
        {
            (await client.GetJsonAsync(path)).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001")
                .Blamed.Should().Equal(["cursor"], path);
        }
    }

    /// <summary>A-15: what is not a page is refused with its field.</summary>
    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("direction=sideways", "direction")]
    [InlineData("way=next", "way")]
    public async Task A_bad_query_is_refused_with_its_field(string query, string field)
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });

        (await Client.GetJsonAsync($"/kms/keys/one/chain?{query}")).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001")
            .Blamed.Should().Equal(field);
    }

    /// <summary>A-15: a link that somebody cut or turned is no end of the chain.</summary>
    [Theory]
    [InlineData("UPDATE key_versions SET next_kid = NULL WHERE kid = 'k5'")]
    [InlineData("UPDATE key_versions SET next_kid = 'k0' WHERE kid = 'k5'")]
    [InlineData("UPDATE key_versions SET previous_kid = NULL WHERE kid = 'k5'")]
    public async Task A_chain_that_was_tampered_with_is_refused(string attack)
    {
        await MakeAsync();
        using (Database database = App.OpenDatabase())
            database.Execute(attack);

        (await Client.GetJsonAsync("/kms/keys/k0/chain")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.GetJsonAsync($"/kms/keys/k{Length - 1}/chain?direction=previous"))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        App.Log.Lines.Should().Contain(
            line => line.StartsWith("Critical ", StringComparison.Ordinal) && line.Contains("k5", StringComparison.Ordinal));
    }

    private async Task<string[]> MakeAsync()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "k0" });
        for (int i = 1; i < Length; i++)
            (await Client.RotateVersionAsync($"k{i - 1}", $$$"""{"new_key":{"kid":"k{{{i}}}"}}""")).ShouldBe(HttpStatusCode.OK);

        return [.. Enumerable.Range(0, Length).Select(i => $"k{i}")];
    }

    private async Task<List<string>> WalkAsync(string kid, string direction, int limit)
    {
        List<string> kids = [];
        string? cursor = null;
        do
        {
            string more = cursor is null ? "" : $"&cursor={cursor}";
            Answer page = (await Client.GetJsonAsync($"/kms/keys/{kid}/chain?direction={direction}&limit={limit}{more}"))
                .ShouldBe(HttpStatusCode.OK);
            JsonArray versions = page.Data["versions"]!.AsArray();
            versions.Count.Should().BeInRange(1, limit);
            kids.AddRange(versions.Select(version => (string)version!["kid"]!));
            cursor = (string?)page.Data["next_cursor"];
        }
        while (cursor is not null);

        return kids;
    }
}
