using Qkms.Core.Aliases;
using Qkms.Tests.Integrity;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Aws;

/// <summary>
/// An alias decides which key encrypts: whoever can write to the database cannot have it name another key, or none, unnoticed. And what
/// becomes of aliases and tags when their key goes.
/// </summary>
public sealed class AliasIntegrityTests : ServiceTests
{
    private const string Moved = "name = 'alias/moved'";

    private AwsSigner _signer = null!;
    private string _first = "";
    private string _second = "";

    /// <summary>Each attack makes this one alias a fault of the service, is logged and journalled, and found by verify.</summary>
    [Theory]
    [InlineData("UPDATE aliases SET key_id = (SELECT id FROM keys WHERE name = 'second') WHERE name = 'alias/moved'", "was edited")]
    [InlineData("UPDATE aliases SET key_id = zeroblob(16) WHERE name = 'alias/moved'", "was edited")]
    [InlineData("UPDATE aliases SET updated_at = updated_at + 1 WHERE name = 'alias/moved'", "was edited")]
    [InlineData("UPDATE aliases SET row_version = 7 WHERE name = 'alias/moved'", "was edited")]
    [InlineData("UPDATE aliases SET seal = (SELECT seal FROM aliases WHERE name = 'alias/still') WHERE name = 'alias/moved'", "was edited")]
    [InlineData("DELETE FROM aliases WHERE name = 'alias/moved'", "is missing")]
    [InlineData("UPDATE audit_events SET to_state = 'alias/x' WHERE action = 'alias.created' AND to_state = 'alias/moved'", "was edited")]
    [InlineData(
        "UPDATE audit_events SET row_seal = (SELECT row_seal FROM audit_events WHERE to_state = 'alias/still') "
            + "WHERE action = 'alias.created' AND to_state = 'alias/moved'",
        "was edited")]
    public async Task An_alias_that_was_tampered_with_leads_nowhere(string attack, string finding)
    {
        await PrepareAsync();
        Attack(attack);

        await ShouldBeBrokenAloneAsync();
        (await CallAsync("UpdateAlias", new { AliasName = "alias/moved", TargetKeyId = _second }))
            .ShouldBeException("KMSInternalException", 500);
        (await CallAsync("DeleteAlias", new { AliasName = "alias/moved" })).ShouldBeException("KMSInternalException", 500);
        (await CallAsync("CreateAlias", new { AliasName = "alias/moved", TargetKeyId = _second }))
            .ShouldBeException("KMSInternalException", 500);
        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain(finding);
    }

    /// <summary>Whatever the service itself wrote before: the journal knows what was written last.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_old_row_that_is_put_back_leads_nowhere(bool isDeleted)
    {
        await PrepareAsync();
        OldRow old = OldRow.Of(App, "aliases", Moved);
        (string[] columns, object?[] row) = Row("aliases", Moved);
        (await CallAsync("UpdateAlias", new { AliasName = "alias/moved", TargetKeyId = _second })).ShouldBe(HttpStatusCode.OK);
        (await KeyOfAsync("alias/moved")).Should().Be(_second);
        if (isDeleted)
        {
            (await CallAsync("DeleteAlias", new { AliasName = "alias/moved" })).ShouldBe(HttpStatusCode.OK);
            Insert("aliases", columns, row);
        }
        else
        {
            old.PutBack();
        }

        await ShouldBeBrokenAloneAsync();
        (await Verify.RunAsync(App.DataDirectory)).Output
            .Should().Contain(isDeleted ? "the journal does not tell of the alias alias/moved" : "it was put back");
    }

    /// <summary>Together with the event that tells of it, an old row is accepted, and verify finds what the journal lacks.</summary>
    [Fact]
    public async Task An_old_row_without_its_newest_event_is_found_by_verify()
    {
        await PrepareAsync();
        OldRow old = OldRow.Of(App, "aliases", Moved);
        (await CallAsync("UpdateAlias", new { AliasName = "alias/moved", TargetKeyId = _second })).ShouldBe(HttpStatusCode.OK);
        Attack("DELETE FROM audit_events WHERE action = 'alias.updated'");
        old.PutBack();

        (await KeyOfAsync("alias/moved")).Should().Be(_first);
        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain("missing");
    }

    /// <summary>Rows of two tenants that change places are both refused.</summary>
    [Fact]
    public async Task An_alias_of_another_tenant_does_not_pass_for_ones_own()
    {
        await PrepareAsync();
        using HttpClient right = App.ClientFor(await App.CreateTenantAsync("right"));
        AwsSigner rights = await right.CreateAccessKeyAsync();
        string theirs = (await right.GenerateAsync("AES-256")).Text("key_id");
        (await right.CallAsync(rights, "CreateAlias", new { AliasName = "alias/moved", TargetKeyId = theirs }, at: App.Time.GetUtcNow()))
            .ShouldBe(HttpStatusCode.OK);
        (string[] columns, object?[] row) = Row("aliases", $"{Moved} AND tenant_id = (SELECT id FROM tenants WHERE name = 'right')");
        using (Database database = App.OpenDatabase())
        {
            database.Execute($"DELETE FROM aliases WHERE {Moved}").Should().Be(2);
            row[Array.IndexOf(columns, "tenant_id")] = database.Scalar("SELECT id FROM tenants WHERE name = 'default'");
        }

        Insert("aliases", columns, row);

        await ShouldBeBrokenAloneAsync();
        (await right.CallAsync(rights, "DescribeKey", new { KeyId = "alias/moved" }, at: App.Time.GetUtcNow()))
            .ShouldBeException("KMSInternalException", 500);
    }

    [Theory]
    [InlineData("UPDATE key_tags SET tags = '{\"a\":\"x\"}'", "the row of the tags of key * was edited")]
    [InlineData("UPDATE key_tags SET row_version = 9", "the row of the tags of key * was edited")]
    [InlineData("DELETE FROM key_tags", "the row of the tags of key * is missing")]
    public async Task Tags_that_were_tampered_with_are_found(string attack, string finding)
    {
        await PrepareAsync();
        Attack(attack);

        if (!attack.StartsWith("DELETE", StringComparison.Ordinal))
        {
            (await CallAsync("ListResourceTags", new { KeyId = _first })).ShouldBeException("KMSInternalException", 500);
            (await TagAsync("c")).ShouldBeException("KMSInternalException", 500);
            App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
                && line.Contains($"the tags of key {_first}", StringComparison.Ordinal));
        }

        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Match($"*FOUND: *{finding}*");
    }

    [Fact]
    public async Task Old_tags_that_are_put_back_are_found_by_verify()
    {
        await PrepareAsync();
        OldRow old = OldRow.Of(App, "key_tags", "1 = 1");
        (await TagAsync("c")).ShouldBe(HttpStatusCode.OK);
        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain("Everything holds.");
        old.PutBack();

        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain($"the row of the tags of key {_first} is not the one");
    }

    /// <summary>Aliases and tags are in the database: another process knows them, and what one that ended had changed.</summary>
    [Fact]
    public async Task Aliases_and_tags_survive_a_restart()
    {
        using TemporaryDirectory directory = new();
        AwsSigner signer;
        string key;
        await using (QkmsApplication before = new(directory.Path))
        {
            using HttpClient client = before.Client();
            signer = await client.CreateAccessKeyAsync();
            key = (await client.GenerateAsync("AES-256")).Text("key_id");
            foreach (string alias in new[] { "alias/kept", "alias/gone" })
                (await client.CallAsync(signer, "CreateAlias", new { AliasName = alias, TargetKeyId = key })).ShouldBe(HttpStatusCode.OK);

            (await client.CallAsync(signer, "DeleteAlias", new { AliasName = "alias/gone" })).ShouldBe(HttpStatusCode.OK);
            (await client.CallAsync(signer, "TagResource", new { KeyId = key, Tags = new[] { new { TagKey = "a", TagValue = "b" } } }))
                .ShouldBe(HttpStatusCode.OK);
        }

        await using QkmsApplication after = new(directory.Path);
        using HttpClient reader = after.Client();
        (await reader.CallAsync(signer, "GenerateDataKey", new { KeyId = "alias/kept", KeySpec = "AES_256" }))
            .Member("KeyId").Should().EndWith(key);
        (await reader.CallAsync(signer, "DescribeKey", new { KeyId = "alias/gone" })).ShouldBeException("NotFoundException");
        (await reader.CallAsync(signer, "ListResourceTags", new { KeyId = key })).Json["Tags"]!.AsArray().Should().ContainSingle();
        (await Verify.RunAsync(directory.Path)).Output.Should().Contain("Everything holds.");
    }

    /// <summary>AWS deletes the aliases of a deleted key: their names are free, and no key that comes back has them.</summary>
    [Fact]
    public async Task Aliases_and_tags_go_with_the_last_version_of_their_key()
    {
        await PrepareAsync();
        string kid = (await Client.GetJsonAsync("/kms/keys/active?algorithm=AES-256&name=first")).Text("kid");
        string newer = (await Client.RotateAsync("AES-256", new { name = "first" })).Text("kid");
        (await Client.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);
        (await App.SweepAfterAsync(TimeSpan.FromDays(30))).Should().Be(1);
        (await KeyOfAsync("alias/moved")).Should().Be(_first, "a version is left");

        (await Client.RevokeAsync(newer)).ShouldBe(HttpStatusCode.NoContent);
        (await Client.DestroyAsync(newer)).ShouldBe(HttpStatusCode.Accepted);
        (await App.SweepAfterAsync(TimeSpan.FromDays(30))).Should().Be(1);

        (await CallAsync("DescribeKey", new { KeyId = "alias/moved" })).ShouldBeException("NotFoundException");
        (await KeyOfAsync("alias/still")).Should().Be(_second);
        using (Database database = App.OpenDatabase())
        {
            database.Scalar("SELECT COUNT(*) FROM aliases").Should().Be(1L);
            database.Scalar("SELECT COUNT(*) FROM key_tags").Should().Be(0L);
        }

        (await Client.GetJsonAsync("/audit/events?order=asc")).Data["events"]!.AsArray()
            .Where(one => (string?)one!["reason"] == "the key was destroyed")
            .Select(one => ((string)one!["action"]!, (string)one["key_id"]!, (string?)one["to"]))
            .Should().Equal(("alias.deleted", _first, "alias/moved"), ("key.untagged", _first, null));
        (await CallAsync("CreateAlias", new { AliasName = "alias/again", TargetKeyId = _first })).ShouldBeException("NotFoundException");
        (await TagAsync("c")).ShouldBeException("NotFoundException");
        (await CallAsync("CreateAlias", new { AliasName = "alias/moved", TargetKeyId = _second })).ShouldBe(HttpStatusCode.OK);
        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain("Everything holds.");
    }

    /// <summary>AWS's table of key states: a key that waits for its deletion gets no alias or tag, and can lose its aliases.</summary>
    [Fact]
    public async Task A_key_that_waits_for_its_deletion_gets_nothing_new()
    {
        await PrepareAsync();
        await EnableAsync(_first, KeyEnablement.Disabled);
        (await CallAsync("CreateAlias", new { AliasName = "alias/of-disabled", TargetKeyId = _first })).ShouldBe(HttpStatusCode.OK);
        (await TagAsync("c")).ShouldBe(HttpStatusCode.OK);
        await EnableAsync(_first, KeyEnablement.PendingDeletion);

        (await CallAsync("CreateAlias", new { AliasName = "alias/x", TargetKeyId = _first })).ShouldBeException("KMSInvalidStateException");
        (await CallAsync("UpdateAlias", new { AliasName = "alias/still", TargetKeyId = _first }))
            .ShouldBeException("KMSInvalidStateException");
        (await TagAsync("d")).ShouldBeException("KMSInvalidStateException");
        (await CallAsync("UntagResource", new { KeyId = _first, TagKeys = ApiKeys.ApiKeyVerbs.Words("a") }))
            .ShouldBeException("KMSInvalidStateException");
        (await CallAsync("ListResourceTags", new { KeyId = _first })).Json["Tags"]![0]!["TagValue"]!.GetValue<string>().Should().Be("c");
        (await CallAsync("ListAliases", new { KeyId = _first })).Json["Aliases"]!.AsArray().Should().HaveCount(2);
        (await KeyOfAsync("alias/moved")).Should().Be(_first);
        (await CallAsync("UpdateAlias", new { AliasName = "alias/moved", TargetKeyId = _second })).ShouldBe(HttpStatusCode.OK);
        (await CallAsync("DeleteAlias", new { AliasName = "alias/of-disabled" })).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>A tenant has at most so many aliases.</summary>
    [Fact]
    public async Task A_tenant_has_at_most_ten_thousand_aliases()
    {
        await PrepareAsync();
        using (Database database = App.OpenDatabase())
        {
            string numbers = TestStorage.IsPostgres
                ? "SELECT i FROM generate_series(1, 9997) AS g(i)"
                : "WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 9997) SELECT i FROM g";
            database.Execute(
                "INSERT INTO aliases (tenant_id, name, key_id, created_at, updated_at, row_version, seal, seal_key_id) "
                + "SELECT a.tenant_id, 'alias/planted' || n.i, a.key_id, a.created_at, a.updated_at, 1, a.seal, a.seal_key_id "
                + $"FROM aliases a, ({numbers}) n WHERE a.name = 'alias/still'").Should().Be(9997);
        }

        (await CallAsync("CreateAlias", new { AliasName = "alias/last", TargetKeyId = _first })).ShouldBe(HttpStatusCode.OK);
        (await CallAsync("CreateAlias", new { AliasName = "alias/more", TargetKeyId = _first }))
            .ShouldBeException("LimitExceededException");
        Alias.MostOfTenant.Should().Be(10_000);
        (await CallAsync("DescribeKey", new { KeyId = "alias/more" })).ShouldBeException("NotFoundException");
    }

    private async Task PrepareAsync()
    {
        _signer = await Client.CreateAccessKeyAsync();
        _first = (await Client.GenerateAsync("AES-256", new { name = "first" })).Text("key_id");
        _second = (await Client.GenerateAsync("AES-256", new { name = "second" })).Text("key_id");
        (await CallAsync("CreateAlias", new { AliasName = "alias/moved", TargetKeyId = _first })).ShouldBe(HttpStatusCode.OK);
        (await CallAsync("CreateAlias", new { AliasName = "alias/still", TargetKeyId = _second })).ShouldBe(HttpStatusCode.OK);
        (await TagAsync("b")).ShouldBe(HttpStatusCode.OK);
        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain("Everything holds.");
    }

    private async Task ShouldBeBrokenAloneAsync()
    {
        foreach ((string operation, object body) in new (string, object)[]
        {
            ("DescribeKey", new { KeyId = "alias/moved" }),
            ("Encrypt", new { KeyId = "alias/moved", Plaintext = "aGVsbG8=" }),
            ("GenerateDataKey", new { KeyId = "alias/moved", KeySpec = "AES_256" }),
        })
            (await CallAsync(operation, body)).ShouldBeException("KMSInternalException", 500);

        (await KeyOfAsync("alias/still")).Should().Be(_second);
        (await KeyOfAsync(_first)).Should().Be(_first);
        (await CallAsync("ListAliases", new { })).ShouldBe(HttpStatusCode.OK).Json["Aliases"]!.AsArray()
            .Select(alias => (string)alias!["AliasName"]!)
            .Should().Equal("alias/still");
        App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains("the protection of the alias alias/moved", StringComparison.Ordinal));
        using Database database = App.OpenDatabase();
        ((long)database.Scalar(
            "SELECT COUNT(*) FROM audit_events WHERE action = 'integrity.failed' AND reason LIKE 'the alias alias/moved%'")!)
            .Should().BePositive();
    }

    private void Attack(string sql)
    {
        using (Database database = App.OpenDatabase())
            database.Execute(sql).Should().Be(1);

        // What the service read before may be used for half a second more.
        App.Time.OutliveCaches();
    }

    private (string[] Columns, object?[] Row) Row(string table, string where)
    {
        using Database database = App.OpenDatabase();
        string[] columns = [.. database.ColumnNames(table)];
        return (columns, database.Rows($"SELECT {string.Join(", ", columns)} FROM {table} WHERE {where}")[0]);
    }

    private void Insert(string table, string[] columns, object?[] row)
    {
        using (Database database = App.OpenDatabase())
        {
            database.Execute(
                $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(c => $"@{c}"))})",
                [.. columns.Zip(row)]).Should().Be(1);
        }

        App.Time.OutliveCaches();
    }

    private async Task EnableAsync(string key, KeyEnablement enablement)
    {
        TenantId tenant = await App.FirstTenantAsync();
        RowSealer sealer = App.Services.GetRequiredService<RowSealer>();
        (await App.Store().WriteAsync(
            async session =>
            {
                Key found = sealer.Open((await Repositories.Keys.FindKeyAsync(session, tenant, new KeyId(Guid.Parse(key))))!);
                return await Repositories.Keys.UpdateKeyAsync(
                    session, sealer.Seal(found with { Enablement = enablement, RowVersion = found.RowVersion + 1 }));
            },
            CancellationToken.None)).Should().BeTrue();
        App.Time.OutliveCaches();
    }

    private Task<Answer> CallAsync(string operation, object body) =>
        Client.CallAsync(_signer, operation, body, at: App.Time.GetUtcNow());

    private Task<Answer> TagAsync(string value) =>
        CallAsync("TagResource", new { KeyId = _first, Tags = new[] { new { TagKey = "a", TagValue = value } } });

    private async Task<string> KeyOfAsync(string name) =>
        (string)(await CallAsync("DescribeKey", new { KeyId = name })).ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!["KeyId"]!;
}
