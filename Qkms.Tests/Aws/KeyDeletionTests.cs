using System.Globalization;
using Qkms.Core.Lifecycle;
using Qkms.Tests.Tenants;
using Qkms.Tests.Verification;

namespace Qkms.Tests.Aws;

/// <summary>ScheduleKeyDeletion and CancelKeyDeletion, and what becomes of a key on its date.</summary>
public sealed class KeyDeletionTests : ServiceTests
{
    private static readonly TimeSpan _week = TimeSpan.FromDays(7);

    /// <summary>E-14: a key that waits does nothing, over either protocol, and can only be seen and saved.</summary>
    [Fact]
    public async Task A_key_that_waits_does_nothing()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        string id = (await Client.GenerateAsync("AES-256")).Text("key_id");
        string blob = (await Client.CallAsync(signer, "Encrypt", new { KeyId = id, Plaintext = "aGk=" })).Member("CiphertextBlob");
        (await Client.CallAsync(signer, "EnableKeyRotation", new { KeyId = id })).ShouldBe(HttpStatusCode.OK);

        Answer ordered = await Client.CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = id });

        ordered.Member("KeyId").Should().EndWith($":key/{id}");
        (ordered.Member("KeyState"), (int)ordered.Json["PendingWindowInDays"]!).Should().Be(("PendingDeletion", 30));
        DateTimeOffset date = DateOf(ordered.Json["DeletionDate"]);
        date.Should().BeCloseTo(App.Time.GetUtcNow().AddDays(30), TimeSpan.FromMinutes(1));
        JsonNode shown = (await Client.CallAsync(signer, "DescribeKey", new { KeyId = id })).Json["KeyMetadata"]!;
        ((string?)shown["KeyState"], (bool)shown["Enabled"]!).Should().Be(("PendingDeletion", false));
        DateOf(shown["DeletionDate"]).Should().Be(date);
        foreach ((string operation, object request) in new (string, object)[]
        {
            ("Encrypt", new { KeyId = id, Plaintext = "aGk=" }), ("Decrypt", new { CiphertextBlob = blob }),
            ("GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" }), ("EnableKey", new { KeyId = id }),
            ("DisableKey", new { KeyId = id }), ("UpdateKeyDescription", new { KeyId = id, Description = "x" }),
            ("ScheduleKeyDeletion", new { KeyId = id, PendingWindowInDays = 7 }),
        })
        {
            Answer refused = (await Client.CallAsync(signer, operation, request)).ShouldBeException("KMSInvalidStateException");
            ((string?)refused.Json["message"]).Should().MatchRegex($"^arn:aws:kms:eu-west-1:[0-9]{{12}}:key/{id} is pending deletion\\.$");
        }

        foreach (string operation in new[] { "RotateKeyOnDemand", "EnableKeyRotation", "DisableKeyRotation" })
        {
            Answer refused = await Client.CallAsync(signer, operation, new { KeyId = id });
            refused.ShouldBeException("KMSInvalidStateException");
            ((string?)refused.Json["message"]).Should().EndWith($":key/{id} is pending deletion.");
        }

        (await Client.CallAsync(signer, "GetKeyRotationStatus", new { KeyId = id })).Json.ToJsonString()
            .Should().Be($$"""{"KeyRotationEnabled":false,"KeyId":"{{id}}"}""", "it rotates no more, though its period comes back");
        (await Client.UseAsync("/crypto/encrypt", new { plaintext = "aGk=" })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext = blob })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");

        (await Client.CallAsync(signer, "CancelKeyDeletion", new { KeyId = id })).Member("KeyId").Should().EndWith($":key/{id}");

        Answer again = (await Client.CallAsync(signer, "CancelKeyDeletion", new { KeyId = id }))
            .ShouldBeException("KMSInvalidStateException");
        ((string?)again.Json["message"]).Should().EndWith($":key/{id} is not pending deletion.");
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = blob })).ShouldBeException("DisabledException");
        shown = (await Client.CallAsync(signer, "DescribeKey", new { KeyId = id })).Json["KeyMetadata"]!;
        ((string?)shown["KeyState"]).Should().Be("Disabled");
        shown["DeletionDate"].Should().BeNull();
        (await Client.CallAsync(signer, "EnableKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK);
        (await Client.CallAsync(signer, "Decrypt", new { CiphertextBlob = blob })).Member("Plaintext").Should().Be("aGk=");
        ((bool)(await Client.CallAsync(signer, "GetKeyRotationStatus", new { KeyId = id })).Json["KeyRotationEnabled"]!).Should().BeTrue();
        (await App.DeleteKeysAfterAsync(TimeSpan.FromDays(40))).Should().Be(0);
    }

    /// <summary>E-14, Q-30: on the date, and not before, every version is destroyed; then the key is not there any more.</summary>
    [Fact]
    public async Task A_key_is_deleted_with_all_of_its_versions_on_its_date()
    {
        (AwsSigner signer, string id, List<string> kids) = await WaitingAsync(versions: 5);
        string other = (await Client.GenerateAsync("AES-256", new { name = "other" })).Text("kid");

        (await App.DeleteKeysAfterAsync(_week - TimeSpan.FromMinutes(1))).Should().Be(0);
        (await App.DeleteKeysAfterAsync(TimeSpan.FromMinutes(1))).Should().Be(5);

        foreach (string kid in kids)
        {
            (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("destroyed");
            (await App.FindMaterialAsync(kid)).Should().BeNull();
        }

        (await Client.GetJsonAsync($"/kms/keys/{other}")).Text("status").Should().Be("active");
        foreach (string operation in new[] { "DescribeKey", "EnableKey", "CancelKeyDeletion", "ScheduleKeyDeletion", "GetPublicKey" })
            (await CallAsync(signer, operation, new { KeyId = id })).ShouldBeException("NotFoundException");

        (await CallAsync(signer, "GenerateDataKey", new { KeyId = id, KeySpec = "AES_256" })).ShouldBeException("NotFoundException");
        (await CallAsync(signer, "ListKeys", new { })).ShouldBe(HttpStatusCode.OK).Json["Keys"]!.AsArray().Should().HaveCount(1);
        (await Client.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010").Message.Should().Contain("another name");
        (await App.DeleteKeysAfterAsync(_week)).Should().Be(0);
        using (Database database = App.OpenDatabase())
        {
            database.Scalar("SELECT COUNT(*) FROM audit_events WHERE action = 'key.destroyed' AND reason = 'deletion of the key'")
                .Should().Be(5L);
            database.Scalar("SELECT COUNT(*) FROM keys WHERE delete_at IS NOT NULL OR delete_ordered_at IS NOT NULL").Should().Be(0L);
        }

        (int exitCode, string output) = await Verify.RunAsync(App.DataDirectory);
        output.Should().NotContain("FOUND");
        exitCode.Should().Be(0);
    }

    /// <summary>Q-30: a deletion that was cut off in the middle goes on with the next sweep, and is not called off in between.</summary>
    [Fact]
    public async Task A_deletion_that_has_begun_goes_on_and_is_not_cancelled()
    {
        (AwsSigner signer, string id, List<string> kids) = await WaitingAsync(versions: 3);
        KeyAndVersion found = await App.FindVersionAsync(kids[0]);
        await App.LeaveDueWorkAsync();
        App.Time.Pass(_week);
        KeyPlan plan = App.Services.GetRequiredService<KeyPlanner>().Change(
            Core.Journal.JournalActor.System("destruction"),
            found.Key,
            found.Version,
            KeyTransitions.DestroyWithKey(found, App.Time.GetUtcMilliseconds())!,
            "key.destroyed",
            "deletion of the key",
            isWithKey: true);
        (await App.Services.GetRequiredService<VersionDestruction>().TryDestroyAsync(found, plan, CancellationToken.None))
            .Should().BeTrue();

        (await CallAsync(signer, "CancelKeyDeletion", new { KeyId = id })).ShouldBeException("KMSInvalidStateException");
        (await Client.CancelDeletionAsync(kids[0])).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        (await App.DeleteKeysAfterAsync(TimeSpan.FromMinutes(11))).Should().Be(2);
        (await CallAsync(signer, "DescribeKey", new { KeyId = id })).ShouldBeException("NotFoundException");
    }

    /// <summary>Q-30: days that the clock jumped over were not waited.</summary>
    [Fact]
    public async Task Days_that_nobody_saw_go_by_do_not_count()
    {
        (AwsSigner signer, string id, _) = await WaitingAsync(versions: 1);
        await App.LeaveDueWorkAsync();
        for (int i = 0; i < 10; i++)
        {
            App.Time.ShiftWallClock(TimeSpan.FromHours(23));
            (await App.DeleteKeysAfterAsync(TimeSpan.FromMinutes(1))).Should().Be(0);
        }

        (await App.DeleteKeysAfterAsync(TimeSpan.FromMinutes(30))).Should().Be(0);
        JsonNode shown = (await CallAsync(signer, "DescribeKey", new { KeyId = id })).ShouldBe(HttpStatusCode.OK).Json["KeyMetadata"]!;
        ((string?)shown["KeyState"]).Should().Be("PendingDeletion");
        (await App.DeleteKeysAfterAsync(_week)).Should().Be(1);
    }

    /// <summary>Q-30: the date is in the database; the process that took the order need not be the one that carries it out.</summary>
    [Fact]
    public async Task An_order_survives_a_restart()
    {
        using TemporaryDirectory directory = new();
        await using (QkmsApplication before = new(directory.Path))
        {
            using HttpClient client = before.Client();
            AwsSigner signer = await client.CreateAccessKeyAsync();
            string id = (await client.GenerateAsync("AES-256")).Text("key_id");
            (await client.CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = id, PendingWindowInDays = 7 }))
                .ShouldBe(HttpStatusCode.OK);
        }

        await using QkmsApplication after = new(directory.Path);
        using HttpClient reader = after.Client();
        (await after.DeleteKeysAfterAsync(_week)).Should().Be(1);
        (await reader.GetJsonAsync("/kms/keys?status=destroyed")).Number("total").Should().Be(1);
    }

    /// <summary>Q-30: a suspended tenant's key waits.</summary>
    [Fact]
    public async Task The_key_of_a_suspended_tenant_waits()
    {
        Answer made = (await Client.CreateTenantAsync("theirs")).ShouldBe(HttpStatusCode.Created);
        using HttpClient theirs = App.ClientFor(made.InitialApiKey());
        AwsSigner signer = await theirs.CreateAccessKeyAsync();
        string id = (await theirs.GenerateAsync("AES-256")).Text("key_id");
        (await theirs.CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = id, PendingWindowInDays = 7 })).ShouldBe(HttpStatusCode.OK);
        await Client.ActOnTenantAsync(made.Text("tenant_id"), "suspend");

        (await App.DeleteKeysAfterAsync(_week)).Should().Be(0);
        (await theirs.CallAsync(signer, "CancelKeyDeletion", new { KeyId = id }, at: App.Time.GetUtcNow()))
            .ShouldBeException("AccessDeniedException");

        await Client.ActOnTenantAsync(made.Text("tenant_id"), "resume");
        (await App.DeleteKeysAfterAsync(TimeSpan.FromMinutes(11))).Should().Be(1);
    }

    /// <summary>Q-30: a wrong clock deletes nothing.</summary>
    [Fact]
    public async Task A_wall_clock_that_jumped_ahead_deletes_nothing()
    {
        (_, _, List<string> kids) = await WaitingAsync(versions: 1);
        await App.LeaveDueWorkAsync();
        App.Time.Pass(TimeSpan.FromHours(1));

        App.Time.ShiftWallClock(TimeSpan.FromDays(365));
        (await App.DeleteKeysAfterAsync(TimeSpan.FromMinutes(9))).Should().Be(0);
        (await App.DeleteKeysAfterAsync(TimeSpan.FromMinutes(9))).Should().Be(0, "the waiting time was not seen to go by");

        (await App.FindMaterialAsync(kids[0])).Should().NotBeNull();
    }

    /// <summary>G-05: what a key waits for is cancelled with the order, and says why.</summary>
    [Fact]
    public async Task Waiting_rotations_are_cancelled()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer made = await Client.GenerateAsync("AES-256");
        string at = App.Time.GetUtcNow().AddDays(3).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        (await Client.RotateVersionAsync(made.Text("kid"), $$"""{"scheduled_at":"{{at}}"}""")).ShouldBe(HttpStatusCode.Accepted);

        (await Client.CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = made.Text("key_id") })).ShouldBe(HttpStatusCode.OK);

        using Database database = App.OpenDatabase();
        database.Strings("SELECT state || '|' || reason FROM rotation_jobs").Should().Equal("5|The deletion of the key was ordered.");
        database.Scalar("SELECT COUNT(*) FROM audit_events WHERE action = 'rotation.cancelled'").Should().Be(1L);
    }

    /// <summary>Q-30: several nodes destroy each version once, and whichever is first decides about a cancellation.</summary>
    [Fact]
    public async Task Sweeps_and_cancellations_at_the_same_time_leave_a_key_whole_or_deleted()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        KeyDeletionSweep[] nodes =
            [.. Enumerable.Range(0, 3).Select(_ => ActivatorUtilities.CreateInstance<KeyDeletionSweep>(App.Services))];
        await App.LeaveDueWorkAsync();
        foreach (KeyDeletionSweep node in nodes)
            await node.RunAsync(CancellationToken.None);

        for (int round = 0; round < 10; round++)
        {
            Answer made = await Client.GenerateAsync("AES-256", new { name = $"r{round}" });
            (string id, string kid) = (made.Text("key_id"), made.Text("kid"));
            await Client.RotateAsync("AES-256", new { name = $"r{round}" });
            (await CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = id, PendingWindowInDays = 7 })).ShouldBe(HttpStatusCode.OK);
            App.Time.Pass(_week);

            Task<int>[] sweeps = [.. nodes.Select(node => Task.Run(() => node.RunAsync(CancellationToken.None)))];
            Answer cancelled = await CallAsync(signer, "CancelKeyDeletion", new { KeyId = id });
            int destroyed = (await Task.WhenAll(sweeps)).Sum();
            destroyed += await App.DeleteKeysAfterAsync(TimeSpan.FromMinutes(11));

            bool isDeleted = destroyed > 0;
            destroyed.Should().Be(isDeleted ? 2 : 0);
            (cancelled.Status == HttpStatusCode.OK).Should().Be(!isDeleted, cancelled.Body);
            (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be(isDeleted ? "destroyed" : "retired");
        }

        App.Log.Lines.Should().NotContain(line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    /// <summary>Q-30: where REST destroys the last version of a key that waits, nothing is left to wait for.</summary>
    [Fact]
    public async Task A_key_whose_last_version_is_destroyed_by_itself_waits_no_more()
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer made = await Client.GenerateRetiredAsync("AES-256");
        (await Client.DestroyAsync(made.Text("kid"), """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        (await Client.CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = made.Text("key_id") })).ShouldBe(HttpStatusCode.OK);

        (await App.SweepAfterAsync(_week)).Should().Be(1);

        (await CallAsync(signer, "CancelKeyDeletion", new { KeyId = made.Text("key_id") })).ShouldBeException("NotFoundException");
        using Database database = App.OpenDatabase();
        database.Scalar("SELECT COUNT(*) FROM keys WHERE delete_at IS NOT NULL").Should().Be(0L);
    }

    // The clock of the service is not that of the machine here, and what is signed says when.
    private Task<Answer> CallAsync(AwsSigner signer, string operation, object request) =>
        Client.CallAsync(signer, operation, request, at: App.Time.GetUtcNow());

    private static DateTimeOffset DateOf(JsonNode? seconds) => DateTimeOffset.FromUnixTimeMilliseconds((long)((double)seconds! * 1000));

    private async Task<(AwsSigner Signer, string Id, List<string> Kids)> WaitingAsync(int versions)
    {
        AwsSigner signer = await Client.CreateAccessKeyAsync();
        Answer made = await Client.GenerateAsync("AES-256");
        List<string> kids = [made.Text("kid")];
        while (kids.Count < versions)
            kids.Add((await Client.RotateAsync("AES-256")).Text("kid"));

        (await Client.CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = made.Text("key_id"), PendingWindowInDays = 7 }))
            .ShouldBe(HttpStatusCode.OK);
        return (signer, made.Text("key_id"), kids);
    }
}
