using static Qkms.Tests.ApiKeys.ApiKeyVerbs;

namespace Qkms.Tests.Aws;

/// <summary>Aliases: names of keys, wherever AWS takes them for a key.</summary>
public sealed class AliasTests : SharedServiceTests
{
    private const string Plain = "aGVsbG8=";

    /// <summary>An alias, or its ARN of any region, stands for its key; answers name the key.</summary>
    [Fact]
    public async Task An_alias_stands_for_its_key_wherever_aws_takes_one()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string aes = await NamedAsync(signer, "AES-256", "alias/app/data");
        string kem = await NamedAsync(signer, "ML-KEM-768", "alias/app/kem");
        string dsa = await NamedAsync(signer, "ML-DSA-65", "alias/app/dsa");
        string mac = await NamedAsync(signer, "HMAC-256", "alias/app/mac");
        string arn = ArnOf(await Client.CallAsync(signer, "DescribeKey", new { KeyId = "alias/app/data" }), aes);

        foreach (string name in new[] { "alias/app/data", arn, arn.Replace("eu-west-1", "us-east-2", StringComparison.Ordinal) })
        {
            Answer encrypted = await Client.CallAsync(signer, "Encrypt", new { KeyId = name, Plaintext = Plain });
            string blob = encrypted.Member("CiphertextBlob");
            encrypted.Member("KeyId").Should().EndWith($":key/{aes}");
            (await Client.CallAsync(signer, "Decrypt", new { KeyId = name, CiphertextBlob = blob })).Member("Plaintext").Should().Be(Plain);
            (await Client.CallAsync(signer, "GenerateDataKey", new { KeyId = name, KeySpec = "AES_256" }))
                .Member("KeyId").Should().EndWith($":key/{aes}");
            (await Client.CallAsync(signer, "GenerateDataKeyWithoutPlaintext", new { KeyId = name, KeySpec = "AES_256" }))
                .ShouldBe(HttpStatusCode.OK);
        }

        Answer secret = await Client.CallAsync(signer, "Encapsulate", new { KeyId = "alias/app/kem", EncapsulationAlgorithm = "ML_KEM" });
        (await Client.CallAsync(signer, "Decapsulate", new
        {
            KeyId = "alias/app/kem",
            SharedSecretCiphertextBlob = secret.Member("SharedSecretCiphertextBlob"),
            EncapsulationAlgorithm = "ML_KEM",
        })).Member("SharedSecret").Should().Be(secret.Member("SharedSecret"));
        secret.Member("KeyId").Should().EndWith($":key/{kem}");

        string signature = (await Client.CallAsync(
            signer, "Sign", new { KeyId = "alias/app/dsa", Message = Plain, SigningAlgorithm = "ML_DSA_SHAKE_256" })).Member("Signature");
        (await Client.CallAsync(signer, "Verify", new
        {
            KeyId = "alias/app/dsa",
            Message = Plain,
            Signature = signature,
            SigningAlgorithm = "ML_DSA_SHAKE_256",
        })).ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(signer, "GetPublicKey", new { KeyId = "alias/app/dsa" })).Member("KeyId").Should().EndWith($":key/{dsa}");

        string tag = (await Client.CallAsync(
            signer, "GenerateMac", new { KeyId = "alias/app/mac", Message = Plain, MacAlgorithm = "HMAC_SHA_256" })).Member("Mac");
        (await Client.CallAsync(
            signer, "VerifyMac", new { KeyId = "alias/app/mac", Message = Plain, Mac = tag, MacAlgorithm = "HMAC_SHA_256" }))
            .Member("KeyId").Should().EndWith($":key/{mac}");
    }

    /// <summary>The next request sees what a change made of an alias, and nothing that was remembered.</summary>
    [Fact]
    public async Task A_change_is_seen_by_the_next_request()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string first = await NamedAsync(signer, "AES-256", "alias/orders", "first");
        string second = await NewKeyAsync("AES-256", "second");
        (await KeyOfAsync(signer, "alias/orders")).Should().Be(first);
        string blob = (await Client.CallAsync(signer, "Encrypt", new { KeyId = "alias/orders", Plaintext = Plain }))
            .Member("CiphertextBlob");

        (await Client.CallAsync(signer, "UpdateAlias", new { AliasName = "alias/orders", TargetKeyId = second }))
            .ShouldBe(HttpStatusCode.OK).Body.Should().Be("{}");
        (await KeyOfAsync(signer, "alias/orders")).Should().Be(second);
        (await Client.CallAsync(signer, "Decrypt", new { KeyId = "alias/orders", CiphertextBlob = blob }))
            .ShouldBeException("IncorrectKeyException");
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = blob })).Member("Plaintext").Should().Be(Plain);

        (await Client.CallAsync(signer, "DeleteAlias", new { AliasName = "alias/orders" })).ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(signer, "DescribeKey", new { KeyId = "alias/orders" })).ShouldBeException("NotFoundException");
        (await Client.CallAsync(signer, "DeleteAlias", new { AliasName = "alias/orders" })).ShouldBeException("NotFoundException");
        (await Client.CallAsync(signer, "UpdateAlias", new { AliasName = "alias/orders", TargetKeyId = first }))
            .ShouldBeException("NotFoundException");
        await NameAsync(signer, "alias/orders", first);
        (await KeyOfAsync(signer, "alias/orders")).Should().Be(first);
        (await Client.CallAsync(signer, "DescribeKey", new { KeyId = second })).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>The longest name, and one of every character that AWS allows.</summary>
    [Theory]
    [InlineData("alias/AZaz09/_-")]
    [InlineData("alias/my_alias-/")]
    [InlineData("alias/LONG")]
    public async Task Every_name_that_aws_allows_is_taken(string name)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        name = name.Replace("LONG", new string('a', 250), StringComparison.Ordinal);

        string key = await NamedAsync(signer, "AES-256", name);

        (await KeyOfAsync(signer, name)).Should().Be(key);
    }

    [Fact]
    public async Task Lists_have_pages_and_a_filter()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string one = await NewKeyAsync("AES-256", "one");
        string two = await NewKeyAsync("AES-256", "two");
        string[] names = [.. Enumerable.Range(0, 7).Select(i => $"alias/n{i}")];
        foreach (string name in names.Reverse())
            await NameAsync(signer, name, name is "alias/n2" or "alias/n5" ? two : one);

        Answer all = (await Client.CallAsync(signer, "ListAliases", "{}")).ShouldBe(HttpStatusCode.OK);
        ((bool)all.Json["Truncated"]!).Should().BeFalse();
        all.Json["NextMarker"].Should().BeNull();
        JsonNode first = all.Json["Aliases"]![0]!;
        first.AsObject().Select(member => member.Key)
            .Should().Equal("AliasName", "AliasArn", "TargetKeyId", "CreationDate", "LastUpdatedDate");
        ((string)first["AliasArn"]!).Should().MatchRegex("^arn:aws:kms:eu-west-1:[0-9]{12}:alias/n0$");
        ((double)first["CreationDate"]!).Should().BeInRange(1_000_000_000, 10_000_000_000);

        List<string> seen = [];
        string? marker = null;
        do
        {
            object body = marker is null ? new { Limit = 3 } : new { Limit = 3, Marker = marker };
            Answer page = (await Client.CallAsync(signer, "ListAliases", body)).ShouldBe(HttpStatusCode.OK);
            seen.AddRange(NamesOf(page));
            marker = (string?)page.Json["NextMarker"];
            ((bool)page.Json["Truncated"]!).Should().Be(marker is not null);
        }
        while (marker is not null);

        seen.Should().Equal(names);
        NamesOf(await Client.CallAsync(signer, "ListAliases", new { KeyId = two })).Should().Equal("alias/n2", "alias/n5");
        NamesOf(await Client.CallAsync(signer, "ListAliases", new { KeyId = two, Limit = 1 })).Should().Equal("alias/n2");
    }

    /// <summary>A marker is the tenant's own and this list's.</summary>
    [Fact]
    public async Task A_marker_of_somebody_else_or_of_another_list_is_none()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string key = await NamedAsync(signer, "AES-256", "alias/a");
        await NameAsync(signer, "alias/b", key);
        await Client.CallAsync(signer, "TagResource", """{"KeyId":"KEY","Tags":[{"TagKey":"a"},{"TagKey":"b"}]}""".Replace(
            "KEY\"", $"{key}\"", StringComparison.Ordinal));
        string marker = (await Client.CallAsync(signer, "ListAliases", new { Limit = 1 })).Member("NextMarker");
        string ofTags = (await Client.CallAsync(signer, "ListResourceTags", new { KeyId = key, Limit = 1 })).Member("NextMarker");
        using HttpClient stranger = await StrangerAsync();
        AwsSigner strangers = await stranger.CreateAccessKeyAsync();

        (await Client.CallAsync(signer, "ListAliases", new { Marker = marker })).ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(strangers, "ListAliases", new { Marker = marker })).ShouldBeException("InvalidMarkerException");
        (await Client.CallAsync(signer, "ListAliases", new { Marker = ofTags })).ShouldBeException("InvalidMarkerException");
        (await Client.CallAsync(signer, "ListResourceTags", new { KeyId = key, Marker = marker }))
            .ShouldBeException("InvalidMarkerException");
        (await Client.CallAsync(signer, "ListAliases", new { Marker = marker + "A" })).ShouldBeException("InvalidMarkerException");
    }

    /// <summary>Names belong to a tenant: another's alias of the same name is another alias, and of another name none.</summary>
    [Fact]
    public async Task Aliases_of_another_tenant_do_not_exist()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string key = await NamedAsync(signer, "AES-256", "alias/same");
        await NameAsync(signer, "alias/mine", key);
        using HttpClient stranger = await StrangerAsync();
        AwsSigner strangers = await stranger.CreateAccessKeyAsync();
        string theirs = (await stranger.GenerateAsync("AES-256")).Text("key_id");
        (await Client.CallAsync(strangers, "CreateAlias", new { AliasName = "alias/same", TargetKeyId = theirs }))
            .ShouldBe(HttpStatusCode.OK);

        (await KeyOfAsync(strangers, "alias/same")).Should().Be(theirs);
        (await KeyOfAsync(signer, "alias/same")).Should().Be(key);
        NamesOf(await Client.CallAsync(strangers, "ListAliases", "{}")).Should().Equal("alias/same");
        foreach ((string operation, object body) in new (string, object)[]
        {
            ("DescribeKey", new { KeyId = "alias/mine" }),
            ("GenerateDataKey", new { KeyId = "alias/mine", KeySpec = "AES_256" }),
            ("UpdateAlias", new { AliasName = "alias/mine", TargetKeyId = theirs }),
            ("UpdateAlias", new { AliasName = "alias/same", TargetKeyId = key }),
            ("CreateAlias", new { AliasName = "alias/other", TargetKeyId = key }),
            ("DeleteAlias", new { AliasName = "alias/mine" }),
            ("ListAliases", new { KeyId = key }),
        })
            (await Client.CallAsync(strangers, operation, body)).ShouldBeException("NotFoundException");

        (await KeyOfAsync(signer, "alias/mine")).Should().Be(key);
    }

    /// <summary>An alias of a key outside the narrowing answers as one that is missing, by whichever operation.</summary>
    [Fact]
    public async Task Aliases_of_keys_outside_the_narrowing_do_not_exist()
    {
        AwsSigner all = await Client.CreateAccessKeyAsync();
        AwsSigner narrow = await Client.CreateAccessKeyAsync(new { key_names = Words("mine") });
        string mine = await NamedAsync(all, "AES-256", "alias/mine", "mine");
        string other = await NamedAsync(all, "AES-256", "alias/other", "other");
        (await KeyOfAsync(all, "alias/other")).Should().Be(other, "it is remembered");

        NamesOf(await Client.CallAsync(narrow, "ListAliases", "{}")).Should().Equal("alias/mine");
        (await KeyOfAsync(narrow, "alias/mine")).Should().Be(mine);
        foreach ((string operation, Func<string, object> body) in new (string, Func<string, object>)[]
        {
            ("DescribeKey", name => new { KeyId = name }),
            ("GenerateDataKey", name => new { KeyId = name, KeySpec = "AES_256" }),
            ("UpdateAlias", name => new { AliasName = name, TargetKeyId = mine }),
            ("DeleteAlias", name => new { AliasName = name }),
        })
        {
            Answer foreign = await Client.CallAsync(narrow, operation, body("alias/other"));
            Answer missing = await Client.CallAsync(narrow, operation, body("alias/nobody"));
            foreign.ShouldBeException("NotFoundException").Body.Replace("alias/other", "alias/nobody", StringComparison.Ordinal)
                .Should().Be(missing.Body, operation);
        }

        (await Client.CallAsync(narrow, "CreateAlias", new { AliasName = "alias/x", TargetKeyId = other }))
            .ShouldBeException("NotFoundException");
        (await Client.CallAsync(narrow, "UpdateAlias", new { AliasName = "alias/mine", TargetKeyId = other }))
            .ShouldBeException("NotFoundException");
        (await Client.CallAsync(narrow, "ListAliases", new { KeyId = other })).ShouldBeException("NotFoundException");
        (await KeyOfAsync(all, "alias/other")).Should().Be(other);
    }

    [Fact]
    public async Task Changes_and_lists_need_their_permissions()
    {
        AwsSigner all = await Client.CreateAccessKeyAsync();
        string key = await NamedAsync(all, "AES-256", "alias/a");
        AwsSigner reader = await Client.CreateAccessKeyAsync(new { permissions = Words("keys:read") });
        AwsSigner writer = await Client.CreateAccessKeyAsync(new { permissions = Words("keys:update") });

        foreach (string operation in new[] { "CreateAlias", "UpdateAlias", "DeleteAlias", "TagResource", "UntagResource" })
            (await Client.CallAsync(reader, operation, new { AliasName = "alias/b", KeyId = key, TargetKeyId = key }))
                .ShouldBeException("AccessDeniedException");

        foreach (string operation in new[] { "ListAliases", "ListResourceTags" })
            (await Client.CallAsync(writer, operation, new { KeyId = key })).ShouldBeException("AccessDeniedException");

        NamesOf(await Client.CallAsync(reader, "ListAliases", "{}")).Should().Equal("alias/a");
        await NameAsync(writer, "alias/b", key);
    }

    /// <summary>A name is given once, however many ask for it at the same time.</summary>
    [Fact]
    public async Task Of_several_that_want_a_name_one_gets_it()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string[] keys = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => NewKeyAsync("AES-256", $"k{i}")));

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Client.CallAsync(
            signer, "CreateAlias", new { AliasName = "alias/wanted", TargetKeyId = keys[i % 4] })));

        answers.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(1);
        foreach (Answer refused in answers.Where(answer => answer.Status != HttpStatusCode.OK))
            refused.ShouldBeException("AlreadyExistsException");

        string named = await KeyOfAsync(signer, "alias/wanted");
        keys[Array.FindIndex(answers, answer => answer.Status == HttpStatusCode.OK) % 4].Should().Be(named);
    }

    /// <summary>Changes of one alias at the same time come one after the other, each whole.</summary>
    [Fact]
    public async Task Changes_at_the_same_time_leave_what_one_of_them_made()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string[] keys = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => NewKeyAsync("AES-256", $"k{i}")));
        await NameAsync(signer, "alias/busy", keys[0]);

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Client.CallAsync(
            signer, "UpdateAlias", new { AliasName = "alias/busy", TargetKeyId = keys[i % 4] })));
        Answer[] removals = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => i % 2 == 0
            ? Client.CallAsync(signer, "DeleteAlias", new { AliasName = "alias/busy" })
            : Client.CallAsync(signer, "UpdateAlias", new { AliasName = "alias/busy", TargetKeyId = keys[i % 4] })));

        answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.OK);
        removals.Where((_, i) => i % 2 == 0).Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(1);
        foreach (Answer refused in removals.Where(answer => answer.Status != HttpStatusCode.OK))
            refused.ShouldBeException("NotFoundException");

        NamesOf(await Client.CallAsync(signer, "ListAliases", "{}")).Should().BeEmpty();
    }

    /// <summary>A key has at most 50 aliases, whether they are made or moved there, and however many come at once.</summary>
    [Fact]
    public async Task A_key_has_at_most_fifty_aliases()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string full = await NewKeyAsync("AES-256", "full");
        string other = await NamedAsync(signer, "AES-256", "alias/other", "other");
        for (int i = 0; i < 46; i++)
            await NameAsync(signer, $"alias/n{i}", full);

        Answer[] answers = await Task.WhenAll(Enumerable.Range(46, 10).Select(i => Client.CallAsync(
            signer, "CreateAlias", new { AliasName = $"alias/n{i}", TargetKeyId = full })));

        answers.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(4);
        foreach (Answer refused in answers.Where(answer => answer.Status != HttpStatusCode.OK))
            refused.ShouldBeException("LimitExceededException");

        (await Client.CallAsync(signer, "UpdateAlias", new { AliasName = "alias/other", TargetKeyId = full }))
            .ShouldBeException("LimitExceededException");
        (await KeyOfAsync(signer, "alias/other")).Should().Be(other);
        (await Client.CallAsync(signer, "UpdateAlias", new { AliasName = "alias/n0", TargetKeyId = full })).ShouldBe(HttpStatusCode.OK);
        NamesOf(await Client.CallAsync(signer, "ListAliases", new { KeyId = full, Limit = 100 })).Should().HaveCount(50);
    }

    /// <summary>Each change is in the life cycle, about the key.</summary>
    [Fact]
    public async Task The_journal_tells_of_every_change()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string first = await NamedAsync(signer, "AES-256", "alias/a", "first");
        string second = await NewKeyAsync("AES-256", "second");
        await Client.CallAsync(signer, "UpdateAlias", new { AliasName = "alias/a", TargetKeyId = second });
        await Client.CallAsync(signer, "DeleteAlias", new { AliasName = "alias/a" });
        (await Client.CallAsync(signer, "DeleteAlias", new { AliasName = "alias/a" })).ShouldBeException("NotFoundException");

        (await Client.GetJsonAsync("/audit/events?order=asc")).Data["events"]!.AsArray()
            .Where(one => ((string)one!["action"]!).StartsWith("alias.", StringComparison.Ordinal))
            .Select(one => ((string)one!["action"]!, (string)one["key_id"]!, (string)one["to"]!))
            .Should().Equal(
                ("alias.created", first, "alias/a"), ("alias.updated", second, "alias/a"), ("alias.deleted", second, "alias/a"));
    }

    private static string[] NamesOf(Answer list) =>
        [.. list.ShouldBe(HttpStatusCode.OK).Json["Aliases"]!.AsArray().Select(alias => (string)alias!["AliasName"]!)];

    private static string ArnOf(Answer described, string id)
    {
        string arn = (string)described.ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!["Arn"]!;
        return arn.Replace($"key/{id}", "alias/app/data", StringComparison.Ordinal);
    }

    private async Task<string> KeyOfAsync(AwsSigner signer, string name) =>
        (string)(await Client.CallAsync(signer, "DescribeKey", new { KeyId = name }))
            .ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!["KeyId"]!;

    private async Task<string> NamedAsync(AwsSigner signer, string algorithm, string alias, string name = "default")
    {
        string key = await NewKeyAsync(algorithm, name);
        await NameAsync(signer, alias, key);
        return key;
    }

    private async Task NameAsync(AwsSigner signer, string alias, string key) =>
        (await Client.CallAsync(signer, "CreateAlias", new { AliasName = alias, TargetKeyId = key })).ShouldBe(HttpStatusCode.OK);

    private async Task<string> NewKeyAsync(string algorithm, string name = "default") =>
        (await Client.GenerateAsync(algorithm, new { name })).Text("key_id");
}
