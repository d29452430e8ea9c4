using static Qkms.Tests.ApiKeys.ApiKeyVerbs;

namespace Qkms.Tests.Aws;

/// <summary>Tags of keys.</summary>
public sealed class TagTests : SharedServiceTests
{
    private const string FiftyOne = "FIFTYONE";

    [Fact]
    public async Task Tags_are_set_changed_and_removed()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string key = await NewKeyAsync();

        (await TagsAsync(signer, key)).Should().BeEmpty();
        (await TagAsync(signer, key, ("team", "blue"), ("cost centre", "Zürich +-=._:/@ 7"), ("empty", "")))
            .ShouldBe(HttpStatusCode.OK).Body.Should().Be("{}");
        (await TagAsync(signer, key, ("team", "red"), ("Team", "other"))).ShouldBe(HttpStatusCode.OK);
        (await TagsAsync(signer, key)).Should().Equal(
            ("Team", "other"), ("cost centre", "Zürich +-=._:/@ 7"), ("empty", ""), ("team", "red"));

        (await Client.CallAsync(signer, "UntagResource", new { KeyId = key, TagKeys = Words("empty", "team", "team", "none") }))
            .ShouldBe(HttpStatusCode.OK);
        (await TagsAsync(signer, key)).Should().Equal(("Team", "other"), ("cost centre", "Zürich +-=._:/@ 7"));
        (await Client.CallAsync(signer, "UntagResource", new { KeyId = key, TagKeys = Words("Team", "cost centre") }))
            .ShouldBe(HttpStatusCode.OK);
        (await TagsAsync(signer, key)).Should().BeEmpty();
    }

    /// <summary>A value that is absent is empty, as with AWS.</summary>
    [Fact]
    public async Task A_tag_without_a_value_has_an_empty_one()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string key = await NewKeyAsync();

        (await Client.CallAsync(signer, "TagResource", $$"""{"KeyId":"{{key}}","Tags":[{"TagKey":"a"}]}""")).ShouldBe(HttpStatusCode.OK);

        (await TagsAsync(signer, key)).Should().Equal(("a", ""));
    }

    [Fact]
    public async Task Lists_have_pages()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string key = await NewKeyAsync();
        (string, string)[] tags = [.. Enumerable.Range(10, 7).Select(i => ($"k{i}", $"v{i}"))];
        await TagAsync(signer, key, tags);

        List<(string, string)> seen = [];
        string? marker = null;
        do
        {
            Answer page = (await Client.CallAsync(
                signer,
                "ListResourceTags",
                marker is null ? new { KeyId = key, Limit = 3 } : new { KeyId = key, Limit = 3, Marker = marker }))
                .ShouldBe(HttpStatusCode.OK);
            seen.AddRange(TagsOf(page));
            marker = (string?)page.Json["NextMarker"];
            ((bool)page.Json["Truncated"]!).Should().Be(marker is not null);

            // What goes meanwhile takes nothing else with it.
            if (seen.Count == 3)
                await Client.CallAsync(signer, "UntagResource", new { KeyId = key, TagKeys = Words("k10", "k12", "k14") });
        }
        while (marker is not null);

        seen.Should().Equal(tags.Where(tag => tag.Item1 != "k14"));
    }

    [Theory]
    [InlineData("TagResource", """{"Tags":[{"TagKey":"a"}]}""", "ValidationException")]
    [InlineData("TagResource", """{"KeyId":"KEY"}""", "ValidationException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[null]}""", "ValidationException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagValue":"a"}]}""", "ValidationException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"","TagValue":"a"}]}""", "ValidationException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"LONGKEY","TagValue":"a"}]}""", "ValidationException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"a","TagValue":"LONGVALUE"}]}""", "ValidationException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"aws:a","TagValue":"a"}]}""", "TagException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"AWS:a","TagValue":"a"}]}""", "TagException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"a*","TagValue":"a"}]}""", "TagException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"a\u0000","TagValue":"a"}]}""", "TagException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"a\ud800","TagValue":"a"}]}""", "SerializationException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"a","TagValue":"<a>"}]}""", "TagException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"a","TagValue":"1"},{"TagKey":"a","TagValue":"1"}]}""", "TagException")]
    [InlineData("TagResource", """{"KeyId":"KEY","Tags":FIFTYONE}""", "TagException")]
    [InlineData("TagResource", """{"KeyId":"alias/there","Tags":[{"TagKey":"a"}]}""", "NotFoundException")]
    [InlineData("TagResource", """{"KeyId":"00000000-0000-0000-0000-000000000000","Tags":[{"TagKey":"a"}]}""", "NotFoundException")]
    [InlineData("TagResource", """{"KeyId":"arn:aws:s3:::bucket","Tags":[{"TagKey":"a"}]}""", "InvalidArnException")]
    [InlineData("UntagResource", """{"KeyId":"KEY"}""", "ValidationException")]
    [InlineData("UntagResource", """{"KeyId":"KEY","TagKeys":[null]}""", "ValidationException")]
    [InlineData("UntagResource", """{"KeyId":"KEY","TagKeys":["aws:a"]}""", "TagException")]
    [InlineData("UntagResource", """{"KeyId":"alias/there","TagKeys":["a"]}""", "NotFoundException")]
    [InlineData("ListResourceTags", "{}", "ValidationException")]
    [InlineData("ListResourceTags", """{"KeyId":"KEY","Limit":0}""", "ValidationException")]
    [InlineData("ListResourceTags", """{"KeyId":"KEY","Limit":51}""", "ValidationException")]
    [InlineData("ListResourceTags", """{"KeyId":"KEY","Marker":"bWFya2Vy"}""", "InvalidMarkerException")]
    [InlineData("ListResourceTags", """{"KeyId":"alias/there"}""", "NotFoundException")]
    public async Task What_is_wrong_with_a_request_is_an_exception_of_aws(string operation, string body, string exception)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string key = await NewKeyAsync();
        (await Client.CallAsync(signer, "CreateAlias", new { AliasName = "alias/there", TargetKeyId = key })).ShouldBe(HttpStatusCode.OK);
        await TagAsync(signer, key, ("there", "x"));
        string many = $"[{string.Join(',', Enumerable.Range(0, 51).Select(i => $$"""{"TagKey":"k{{i}}","TagValue":"v"}"""))}]";
        foreach ((string word, string text) in new[]
        {
            ("LONGKEY", new string('k', 129)), ("LONGVALUE", new string('v', 257)), (FiftyOne, many), ("\"KEY\"", $"\"{key}\""),
        })
            body = body.Replace(word, text, StringComparison.Ordinal);

        (await Client.CallAsync(signer, operation, body)).ShouldBeException(exception);
        (await TagsAsync(signer, key)).Should().Equal(("there", "x"));
    }

    /// <summary>A key has at most 50 tags, however many come at once; those that are there can be changed.</summary>
    [Fact]
    public async Task A_key_has_at_most_fifty_tags()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string key = await NewKeyAsync();
        await TagAsync(signer, key, [.. Enumerable.Range(0, 46).Select(i => ($"k{i}", "v"))]);

        Answer[] answers = await Task.WhenAll(Enumerable.Range(46, 10).Select(i => TagAsync(signer, key, ($"k{i}", "v"))));

        answers.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(4);
        foreach (Answer refused in answers.Where(answer => answer.Status != HttpStatusCode.OK))
            refused.ShouldBeException("LimitExceededException");

        (await TagsAsync(signer, key)).Should().HaveCount(50);
        (await TagAsync(signer, key, ("k0", "changed"))).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>As many of the longest tags as a key may have, of letters that are no ASCII.</summary>
    [Fact]
    public async Task Fifty_of_the_longest_tags_fit()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string key = await NewKeyAsync();
        (string, string)[] tags = [.. Enumerable.Range(10, 50).Select(i => ($"{i}{new string('ü', 124)}𝔸", new string('語', 256)))];

        foreach ((string, string)[] some in tags.Chunk(20))
            (await TagAsync(signer, key, some)).ShouldBe(HttpStatusCode.OK);

        (await TagsAsync(signer, key)).Should().Equal(tags);
    }

    /// <summary>The key of another tenant, and one outside the narrowing, has no tags: it does not exist.</summary>
    [Fact]
    public async Task Tags_of_keys_that_the_caller_may_not_know_of_do_not_exist()
    {
        AwsSigner all = await Client.CreateAccessKeyAsync();
        string key = await NewKeyAsync();
        await TagAsync(all, key, ("a", "b"));
        AwsSigner narrow = await Client.CreateAccessKeyAsync(new { key_names = Words("mine") });
        using HttpClient stranger = await StrangerAsync();
        AwsSigner strangers = await stranger.CreateAccessKeyAsync();

        foreach (AwsSigner signer in new[] { narrow, strangers })
        {
            (await TagAsync(signer, key, ("a", "c"))).ShouldBeException("NotFoundException");
            (await Client.CallAsync(signer, "UntagResource", new { KeyId = key, TagKeys = Words("a") }))
                .ShouldBeException("NotFoundException");
            (await Client.CallAsync(signer, "ListResourceTags", new { KeyId = key })).ShouldBeException("NotFoundException");
        }

        (await TagsAsync(all, key)).Should().Equal(("a", "b"));
    }

    /// <summary>The journal says how many tags were changed, and not what they say; a request that changes nothing is not told.</summary>
    [Fact]
    public async Task The_journal_tells_of_every_change()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string key = await NewKeyAsync();
        await TagAsync(signer, key, ("secret", "project"), ("b", "c"));
        await TagAsync(signer, key, ("b", "c"));
        await Client.CallAsync(signer, "UntagResource", new { KeyId = key, TagKeys = Words("b", "none") });
        await Client.CallAsync(signer, "UntagResource", new { KeyId = key, TagKeys = Words("none") });

        Answer journal = await Client.GetJsonAsync("/audit/events?order=asc");

        journal.Data["events"]!.AsArray()
            .Where(one => ((string)one!["action"]!).EndsWith("tagged", StringComparison.Ordinal))
            .Select(one => ((string)one!["action"]!, (string)one["key_id"]!, (string)one["reason"]!))
            .Should().Equal(("key.tagged", key, "2 tags set"), ("key.untagged", key, "1 tag removed"));
        journal.Body.Should().NotContain("project");
    }

    /// <summary>E-13: a key begins with the tags that CreateKey gives it, and the journal tells of both in one step.</summary>
    [Fact]
    public async Task A_new_key_begins_with_its_tags()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();

        string key = await CreateAsync(signer, """{"Tags":[{"TagKey":"team","TagValue":"shop"},{"TagKey":"\u00e4 b"}]}""");
        string bare = await CreateAsync(signer, """{"Tags":[]}""");

        (await TagsAsync(signer, key)).Should().Equal(("team", "shop"), ("\u00e4 b", ""));
        (await TagsAsync(signer, bare)).Should().BeEmpty();
        await TagAsync(signer, key, ("team", "stock"));
        (await TagsAsync(signer, key)).Should().Equal(("team", "stock"), ("\u00e4 b", ""));
        Answer journal = await Client.GetJsonAsync("/audit/events?order=asc");
        journal.Data["events"]!.AsArray().Where(one => (string?)one!["key_id"] == key)
            .Select(one => ((string)one!["action"]!, (string?)one["reason"])).Take(2)
            .Should().Equal(("key.generated", null), ("key.tagged", "2 tags set"));
        journal.Body.Should().NotContain("shop");
    }

    /// <summary>As with AWS, CreateKey with tags needs the permission to tag as well. What is refused makes no key.</summary>
    [Theory]
    [InlineData("""{"Tags":[{"TagKey":"a"},{"TagKey":"a"}]}""", "TagException")]
    [InlineData("""{"Tags":[{"TagKey":"aws:a","TagValue":"b"}]}""", "TagException")]
    [InlineData("""{"Tags":[{"TagValue":"b"}]}""", "ValidationException")]
    [InlineData("""{"Tags":[null]}""", "ValidationException")]
    [InlineData("""{"Tags":{"a":"b"}}""", "SerializationException")]
    [InlineData("""{"Tags":[{"TagKey":"a","TagValue":"b"}]}""", "AccessDeniedException", "keys:generate", "keys:read")]
    public async Task A_key_with_bad_tags_is_not_made(string body, string exception, params string[] permissions)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync(permissions.Length == 0 ? null : new { permissions });

        (await Client.CallAsync(signer, "CreateKey", body)).ShouldBeException(exception);

        (await Client.GetJsonAsync("/kms/keys")).Data["keys"]!.AsArray().Should().BeEmpty();
    }

    private static IEnumerable<(string, string)> TagsOf(Answer list) => list.ShouldBe(HttpStatusCode.OK).Json["Tags"]!.AsArray()
        .Select(tag => ((string)tag!["TagKey"]!, (string)tag["TagValue"]!));

    private async Task<(string, string)[]> TagsAsync(AwsSigner signer, string key) =>
        [.. TagsOf(await Client.CallAsync(signer, "ListResourceTags", new { KeyId = key }))];

    private Task<Answer> TagAsync(AwsSigner signer, string key, params (string Key, string Value)[] tags) => Client.CallAsync(
        signer, "TagResource", new { KeyId = key, Tags = tags.Select(tag => new { TagKey = tag.Key, TagValue = tag.Value }) });

    private async Task<string> CreateAsync(AwsSigner signer, string body) =>
        (string)(await Client.CallAsync(signer, "CreateKey", body)).ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!["KeyId"]!;

    private async Task<string> NewKeyAsync(string name = "default") => (await Client.GenerateAsync("AES-256", new { name })).Text("key_id");
}
