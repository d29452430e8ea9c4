using Qkms.Api.Commands;
using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Verification;
using Qkms.Tests.Integrity;
using Qkms.Tests.Rotations;

namespace Qkms.Tests.Verification;

/// <summary>F-15, V-02: what somebody did to the journal, or to the rows it tells of, is found and named by <c>qkms verify</c>.</summary>
public sealed class VerifyTests : ServiceTests
{
    private const string Ours = "tenant_id = (SELECT id FROM tenants WHERE name = 'default')";
    private const string Counted = "(SELECT id FROM key_versions WHERE kid = 'counted-1')";
    private const string Key = "(SELECT id FROM keys WHERE name = 'orders')";

    [Fact]
    public async Task A_database_in_use_holds()
    {
        await PrepareAsync();

        (int exitCode, string output) = await Verify.RunAsync(App.DataDirectory);

        output.Should().Contain("Looked at 2 tenants, 4 journal streams, 24 events, 5 keys, 7 versions and 7 private keys in")
            .And.Contain("100 %: 24 of 24 events").And.Contain("Everything holds.").And.NotContain("FOUND");
        exitCode.Should().Be(0);
        (await Verify.RunAsync(App.DataDirectory, showBar: true)).Output
            .Should().Contain($"\r[{new string('#', 40)}] 100 %, 24 of 24 events");
    }

    [Fact]
    public void One_of_a_kind_is_not_said_as_several()
    {
        using StringWriter output = new();
        VerifyReport report = new(output, showBar: false);
        ((IVerificationReport)report).Found("a thing");

        report.End("here", new VerificationSummary(1, 1, 1, 1, 1, 1));

        output.ToString().Should()
            .Contain("Looked at 1 tenant, 1 journal stream, 1 event, 1 key, 1 version and 1 private key in here.")
            .And.Contain("1 thing does not hold.");
    }

    /// <summary>F-15: each edit, deletion, insertion, exchange and cut is found where it was done.</summary>
    [Theory]
    [InlineData("UPDATE audit_events SET reason = 'lost' WHERE {0} AND action = 'key.revoked'", "(key.revoked) was edited")]
    [InlineData("UPDATE audit_events SET row_seal = key_seal WHERE {0} AND action = 'key.revoked'", "(key.revoked) was edited")]
    [InlineData("UPDATE audit_events SET position = NULL WHERE {0} AND stream = 1 AND position = 3", "position 3 is missing")]
    [InlineData("DELETE FROM audit_events WHERE {0} AND stream = 1 AND position = 0", "stream 1 of tenant *, position 0 is missing")]
    [InlineData("DELETE FROM audit_events WHERE {0} AND stream = 1 AND position IN (2, 3)", ", positions 2 to 3 are missing")]
    [InlineData(
        "DELETE FROM audit_events WHERE {0} AND stream = 1 AND position >= (SELECT MAX(position) FROM audit_events e WHERE e.stream = 1)",
        "stream 1 of tenant * was cut off")]
    [InlineData("UPDATE audit_events SET stream = 9 WHERE {0} AND stream = 2 AND position = 4", "events of a stream 9, which has no row")]
    [InlineData(
        "DELETE FROM audit_events WHERE {0} AND stream = 2;DELETE FROM audit_streams WHERE {0} AND stream = 2",
        "the row of journal stream 2, the uses of node 'a', is missing")]
    [InlineData(
        "DELETE FROM audit_events WHERE {0} AND stream = 1;DELETE FROM audit_streams WHERE {0} AND stream = 1",
        "the row of its journal stream 1 is missing")]
    [InlineData("UPDATE audit_streams SET next_position = 4 WHERE {0} AND stream = 2", "the row of journal stream 2 * was edited")]
    [InlineData("UPDATE key_versions SET revoked_at = NULL WHERE kid = 'orders-1'", "the row of key version orders-1 was edited")]
    [InlineData("UPDATE tenants SET plan = 'free' WHERE name = 'default'", "the row of tenant * was edited")]
    [InlineData("UPDATE credentials SET roles = 15 WHERE {0}", "the row of credential * was edited")]
    [InlineData("UPDATE key_usage SET used = 1 WHERE {0}", "the counter of key version counted-1 was edited")]
    [InlineData("DELETE FROM key_usage WHERE {0}", "the counter of key version counted-1 is missing")]
    [InlineData("UPDATE rotation_jobs SET scheduled_at = 1 WHERE {0}", "the row of rotation job * was edited")]
    [InlineData("DELETE FROM rotation_jobs WHERE {0}", "the row of rotation job * is missing")]
    [InlineData("UPDATE idempotency SET response = request_hash WHERE {0}", "an answer that is kept for tenant * does not open")]
    [InlineData("UPDATE idempotency SET idempotency_key = 'another' WHERE {0}", "an answer that is kept for tenant * does not open")]
    [InlineData(
        "DELETE FROM credentials WHERE {0} AND label = 'initial'",
        "the row of credential * is missing, and the journal tells of no such removal")]
    [InlineData(
        "UPDATE key_material SET wrapped = (SELECT wrapped FROM key_material m WHERE m.version_id <> key_material.version_id LIMIT 1) "
        + "WHERE version_id = (SELECT id FROM key_versions WHERE kid = 'orders-1')",
        "the private key of key version orders-1 does not open")]
    public async Task What_was_done_is_named(string attack, string finding)
    {
        await PrepareAsync();
        using (Database database = App.OpenDatabase())
        {
            foreach (string statement in attack.Split(';'))
                database.Execute(string.Format(System.Globalization.CultureInfo.InvariantCulture, statement, Ours)).Should().BePositive();
        }

        await ShouldBeFoundAsync(finding);
    }

    /// <summary>F-15: events exchanged, and a genuine event in the place of another.</summary>
    [Fact]
    public async Task Exchanged_and_repeated_events_are_found()
    {
        await PrepareAsync();
        using (Database database = App.OpenDatabase())
        {
            database.Execute($"UPDATE audit_events SET position = 99 WHERE {Ours} AND stream = 1 AND position = 2");
            database.Execute($"UPDATE audit_events SET position = 2 WHERE {Ours} AND stream = 1 AND position = 3");
            database.Execute($"UPDATE audit_events SET position = 3 WHERE {Ours} AND stream = 1 AND position = 99");
        }

        await ShouldBeFoundAsync("position 2 (key.rotated) was edited", "position 3 (key.generated) was edited");
    }

    /// <summary>F-15: the last events taken away together with the stream's row of before: the keys are newer than their journal.</summary>
    [Fact]
    public async Task A_cut_with_the_old_head_is_found_by_the_keys()
    {
        await PrepareAsync();
        OldRows old = OldRows.Of(App, "audit_streams", $"{Ours} AND stream = 1");
        await Client.RotateAsync("AES-256", new { name = "orders" });
        old.PutBack();
        using (Database database = App.OpenDatabase())
        {
            database.Execute(
                $"DELETE FROM audit_events WHERE {Ours} AND stream = 1 AND position >= "
                + $"(SELECT next_position FROM audit_streams WHERE {Ours} AND stream = 1)").Should().Be(2);
        }

        await ShouldBeFoundAsync("the journal does not tell of the last change of key");
    }

    /// <summary>F-15: a key put back with all its versions, which agree with each other: the journal knows what came after.</summary>
    [Fact]
    public async Task A_key_put_back_with_its_versions_is_found_by_the_journal()
    {
        string second = await PrepareAsync();
        OldRows oldVersions = OldRows.Of(App, "key_versions", $"key_id = {Key}");
        OldRows oldKey = OldRows.Of(App, "keys", "name = 'orders'");
        await Client.RevokeAsync(second);
        (await Verify.RunAsync(App.DataDirectory)).ExitCode.Should().Be(0);
        oldVersions.PutBack();
        oldKey.PutBack();

        await ShouldBeFoundAsync("was put back to what it was at position 9 of its tenant's journal; position");
    }

    /// <summary>F-15: a key removed with all that belongs to it.</summary>
    [Fact]
    public async Task A_removed_key_is_found_by_the_journal()
    {
        await PrepareAsync();
        using (Database database = App.OpenDatabase())
        {
            string versions = $"SELECT id FROM key_versions WHERE key_id = {Key}";
            database.Execute("UPDATE keys SET active_kid = NULL WHERE name = 'orders'");
            database.Execute($"DELETE FROM key_material WHERE version_id IN ({versions})").Should().Be(2);
            database.Execute($"UPDATE key_versions SET previous_kid = NULL WHERE key_id = {Key}");
            database.Execute($"DELETE FROM key_versions WHERE key_id = {Key}").Should().Be(2);
            database.Execute("DELETE FROM keys WHERE name = 'orders'").Should().Be(1);
        }

        await ShouldBeFoundAsync("the row of key * is missing, and the journal tells of no such removal");
    }

    /// <summary>F-15: the old row of an API key or a tenant has a seal that holds; the journal names the seal of the newer one.</summary>
    [Fact]
    public async Task An_old_row_of_an_API_key_or_a_tenant_is_found_by_the_journal()
    {
        await PrepareAsync();
        OldRows oldApiKey = OldRows.Of(App, "credentials", $"{Ours} AND label = 'initial'");
        OldRows oldTenant = OldRows.Of(App, "tenants", "name = 'right'");
        TenantId tenant = await App.FirstTenantAsync();
        TenantProvisioning provisioning = App.Services.GetRequiredService<TenantProvisioning>();
        RowSealer sealer = App.Services.GetRequiredService<RowSealer>();
        using (Database database = App.OpenDatabase())
        {
            CredentialId apiKey = new(IdOf(database, $"SELECT id FROM credentials WHERE {Ours} AND label = 'initial'"));
            TenantId right = new(IdOf(database, "SELECT id FROM tenants WHERE name = 'right'"));
            (await App.Store().WriteAsync(
                async session =>
                    await provisioning.UpdateAsync(
                        session,
                        sealer.Open((await Repositories.Credentials.FindAsync(session, tenant, apiKey))!) with { Label = "narrowed" })
                    && await provisioning.UpdateAsync(
                        session, sealer.Open((await Repositories.Tenants.FindAsync(session, right))!) with { Plan = "free" }),
                CancellationToken.None)).Should().BeTrue();
        }

        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain("Everything holds.");
        using (Database database = App.OpenDatabase())
            database.Execute("UPDATE credentials SET label = 'initial' WHERE label = 'narrowed'");
        oldApiKey.PutBack();
        oldTenant.PutBack();

        await ShouldBeFoundAsync(
            "the row of credential * is not the one that the journal says was written last: it was put back",
            "the row of tenant * is not the one that its journal says was written last: it was put back");

        static Guid IdOf(Database database, string sql) => new((byte[])database.Scalar(sql)!, bigEndian: true);
    }

    /// <summary>A-32: a counter put back to an earlier row is lower than the newest use that the journal tells of.</summary>
    [Fact]
    public async Task A_counter_put_back_is_found_by_the_uses()
    {
        await PrepareAsync();
        OldRows old = OldRows.Of(App, "key_usage", $"{Ours} AND version_id = {Counted}");
        await Client.MustUseAsync("/crypto/encrypt", new { kid = "counted-1", plaintext = "aGVsbG8=" });
        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain("Everything holds.");
        old.PutBack();

        await ShouldBeFoundAsync("the counter of key version counted-1 was set back to 2: the journal tells of 3 uses");
    }

    /// <summary>A-13: a rotation that was cancelled and waits again would be done.</summary>
    [Fact]
    public async Task A_rotation_job_put_back_is_found_by_the_journal()
    {
        await PrepareAsync();
        OldRows old = OldRows.Of(App, "rotation_jobs", Ours);
        string location = $"/kms/rotation-jobs/{(await Client.GetJsonAsync("/kms/rotation-jobs")).Data["jobs"]![0]!["id"]}";
        (await Client.SendJsonAsync(HttpMethod.Delete, location, null)).ShouldBe(HttpStatusCode.OK);
        (await Verify.RunAsync(App.DataDirectory)).Output.Should().Contain("Everything holds.");
        old.PutBack();

        await ShouldBeFoundAsync("is SCHEDULED, and its newest event says CANCELLED: its row was put back");
    }

    [Fact]
    public async Task Without_a_database_or_its_root_key_it_cannot_be_verified()
    {
        using TemporaryDirectory empty = new();
        Func<Task> nothing = () => Verify.RunAsync(empty.Path);
        (await nothing.Should().ThrowAsync<Exception>()).Which
            .Should().Match<Exception>(e => e is RootKeyException || e is StoreUnusableException);

        await PrepareAsync();
        File.Delete(Path.Combine(App.DataDirectory, "root.key"));
        TestStorage.WriteRootKey(App.DataDirectory, RandomNumberGenerator.GetBytes(32));
        Func<Task> another = () => Verify.RunAsync(App.DataDirectory);
        await another.Should().ThrowAsync<RootKeyException>().WithMessage("*does not match this database*");
    }

    private async Task ShouldBeFoundAsync(params string[] findings)
    {
        (int exitCode, string output) = await Verify.RunAsync(App.DataDirectory);

        exitCode.Should().Be(1, output);
        foreach (string finding in findings)
            output.Should().Match($"*FOUND: *{finding}*");
    }

    // Two tenants, keys of several states, streams of uses, a rotation job and a kept result; the kid of the second version of orders.
    private async Task<string> PrepareAsync()
    {
        TenantId tenant = await App.FirstTenantAsync();
        await App.CreateTenantAsync("right");
        await Client.GenerateAsync("AES-256", new { name = "orders", kid = "orders-1" });
        string second = (await Client.RotateAsync("AES-256", new { name = "orders" })).Text("kid");
        await Client.GenerateAsync("ML-KEM-768", new { name = "kem", kid = "kem-1" });
        await Client.RotateAsync("ML-KEM-768", new { name = "kem" });
        await Client.GenerateAsync("Ed25519", new { name = "seals", kid = "seals-1" });
        await Client.RevokeAsync("orders-1", """{"reason":"stolen"}""");
        IdGenerator ids = new(TimeProvider.System);
        JournalWriter journal = App.Services.GetRequiredService<JournalWriter>();
        await App.Store().WriteAsync(
            async session =>
            {
                await journal.AppendUsesAsync(session, "a", [.. Enumerable.Range(0, 5).Select(_ => Journal.StreamTests.Use(tenant, ids))]);
                return true;
            },
            CancellationToken.None);
        await Client.GenerateAsync("AES-256", new { name = "counted", kid = "counted-1", max_usage_limit = 100 });
        for (int i = 0; i < 2; i++)
            await Client.MustUseAsync("/crypto/encrypt", new { kid = "counted-1", plaintext = "aGVsbG8=" });

        await Client.ScheduleAsync("seals-1", App.InHours(1));
        (await Client.PostOnceAsync("once", "/kms/keys/generate", """{"algorithm":"AES-256","name":"once","kid":"once-1"}"""))
            .ShouldBe(HttpStatusCode.Created);
        return second;
    }
}
