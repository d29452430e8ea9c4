using Qkms.Core.Administration;
using Qkms.Core.Uses;
using Qkms.Tests.ApiKeys;
using Qkms.Tests.Rotations;
using Qkms.Tests.Verification;
using static Qkms.Tests.Tenants.TenantDeletionVerbs;

namespace Qkms.Tests.Tenants;

/// <summary>14.1: the deletion of a tenant: ordered, called off, done on its date.</summary>
public sealed class TenantDeletionTests : ServiceTests
{
    private const string Nobody = "01999999-9999-7999-8999-999999999999";

    /// <summary>14.1: an order takes effect at once, says when, and leaves everything there.</summary>
    [Fact]
    public async Task An_order_refuses_every_API_key_of_the_tenant_and_says_when_it_is_deleted()
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "leaving");
        string second = (await theirs.CreateApiKeyAsync()).Text("api_key");

        Answer ordered = (await Client.DeleteTenantAsync(id, """{"reason":"The contract has ended."}""")).ShouldBe(HttpStatusCode.Accepted);

        ordered.Text("tenant_id").Should().Be(id);
        ordered.Text("state").Should().Be("pending_deletion");
        Days(ordered, "delete_at").Should().BeApproximately(7, 0.01);
        ordered.Data["deleted_at"].Should().BeNull();
        (await theirs.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        (await App.AskWithAsync(second)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
        App.Services.GetRequiredService<MaterialCache>().Count.Should().Be(0, "its keys have left the memory");
        (await Client.GetJsonAsync($"/tenants/{id}")).Text("state").Should().Be("pending_deletion");
        (await Client.GetJsonAsync("/tenants?state=pending_deletion")).Data["tenants"]!.AsArray().Should().HaveCount(1);
        (await Client.TenantEventsAsync())[^1].Should().Be(("tenant.deletion_scheduled", id, "The contract has ended."));
        (await App.DeleteDueAsync(Week - TimeSpan.FromMinutes(1))).Should().Be(0);
        await VerifyHoldsAsync();
    }

    /// <summary>14.1: until its date it comes back as it was, whether that was active or suspended.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deletion_that_is_called_off_leaves_the_tenant_as_it_was(bool isSuspended)
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "staying");
        if (isSuspended)
            (await Client.ActOnTenantAsync(id, "suspend")).ShouldBe(HttpStatusCode.OK);

        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
        (await App.DeleteDueAsync(Week - TimeSpan.FromMinutes(1))).Should().Be(0);

        Answer cancelled = (await Client.CancelTenantDeletionAsync(id, """{"reason":"They stay."}""")).ShouldBe(HttpStatusCode.OK);

        cancelled.Text("state").Should().Be(isSuspended ? "suspended" : "active");
        cancelled.Data["delete_at"].Should().BeNull();
        (await App.DeleteDueAsync(Week)).Should().Be(0);
        if (isSuspended)
        {
            (await theirs.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_003");
            (await Client.ActOnTenantAsync(id, "resume")).ShouldBe(HttpStatusCode.OK);
        }

        await theirs.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" });
        (await Client.TenantEventsAsync()).Should().Contain(("tenant.deletion_cancelled", id, "They stay."));
        await VerifyHoldsAsync();
    }

    /// <summary>14.1: on its date the key is destroyed and every row goes, but for a stone that says so to operators alone.</summary>
    [Fact]
    public async Task On_its_date_nothing_is_left_but_the_row_and_the_journal()
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "leaving");
        (string other, HttpClient others) = await App.FurnishTenantAsync(Client, "staying");
        await App.Services.GetRequiredService<Qkms.Core.ApiKeys.ApiKeyUses>().WriteAsync(CancellationToken.None);
        using (Database database = App.OpenDatabase())
            database.TablesOf(id).Should().BeEquivalentTo(
                database.TableNames().Where(table => database.ColumnNames(table).Contains("tenant_id")));

        string account = (await Client.GetJsonAsync($"/tenants/{id}")).Text("account_id");
        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
        (await App.DeleteDueAsync(Week)).Should().Be(1);

        (await theirs.GetJsonAsync("/kms/keys")).ShouldBeRefused(HttpStatusCode.Unauthorized, "ERR_AUTH_001");
        Answer stone = (await Client.GetJsonAsync($"/tenants/{id}")).ShouldBe(HttpStatusCode.OK);
        stone.Text("state").Should().Be("deleted");
        stone.Text("account_id").Should().Be(account);
        stone.Data["delete_at"].Should().BeNull();
        stone.Text("deleted_at").Should().NotBeEmpty();
        (await Client.CreateTenantAsync("leaving")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_TENANT_001");
        using (Database database = App.OpenDatabase())
        {
            database.ShouldHoldNothingOf(id);
            database.TablesOf(other).Should().Contain("key_material");
            database.Flaws().Should().BeEmpty();
        }

        await others.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" });
        (await Client.TenantEventsAsync()).Where(one => one.Id == id).Select(one => one.Action).Should().Equal(
            "tenant.created", "tenant.deletion_scheduled", "tenant.deleted", "tenant.erased");
        (await App.DeleteDueAsync(Week)).Should().Be(0);
        App.Log.Text.Should().NotContain("Critical ");
        await VerifyHoldsAsync();
    }

    /// <summary>14.1: a window of 7 to 30 days can be asked for, in the body or the query, and nothing else.</summary>
    [Fact]
    public async Task The_window_is_of_7_to_30_days()
    {
        string id = (await Client.CreateTenantAsync("window")).Text("tenant_id");
        foreach (string days in (string[])["6", "31", "0", "-7", "1e9", "\"7\"", "7.5", "99999999999"])
            (await Client.DeleteTenantAsync(id, $$"""{"waiting_days":{{days}}}""")).ShouldBlame("waiting_days");

        foreach (string days in (string[])["6", "31", "seven", "", "7&waiting_days=8"])
            (await Client.SendJsonAsync(HttpMethod.Delete, $"/tenants/{id}?waiting_days={days}", null)).ShouldBlame("waiting_days");

        (await Client.SendJsonAsync(HttpMethod.Delete, $"/tenants/{id}?waiting_days=8", """{"waiting_days":9}"""))
            .ShouldBlame("waiting_days");
        (await Client.DeleteTenantAsync(id, """{"wait":9}""")).ShouldBlame("wait");
        (await Client.DeleteTenantAsync(id, $$"""{"reason":"{{new string('x', 257)}}"}""")).ShouldBlame("reason");
        (await Client.GetJsonAsync($"/tenants/{id}")).Text("state").Should().Be("active");

        Answer ordered = await Client.SendJsonAsync(HttpMethod.Delete, $"/tenants/{id}?waiting_days=30", """{"waiting_days":30}""");
        Days(ordered.ShouldBe(HttpStatusCode.Accepted), "delete_at").Should().BeApproximately(30, 0.01);
        (await App.DeleteDueAsync(TimeSpan.FromDays(29.9))).Should().Be(0);
        (await App.DeleteDueAsync(TimeSpan.FromDays(0.2))).Should().Be(1);
    }

    /// <summary>14.1: twice deletes, cancels of none, and what is asked of a tenant that waits or is deleted.</summary>
    [Fact]
    public async Task What_is_asked_twice_or_too_late()
    {
        string id = (await Client.CreateTenantAsync("asked")).Text("tenant_id");
        (await Client.CancelTenantDeletionAsync(id)).ShouldBe(HttpStatusCode.OK).Text("state").Should().Be("active");
        string date = (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted).Text("delete_at");
        (await Client.DeleteTenantAsync(id, """{"waiting_days":30}""")).ShouldBe(HttpStatusCode.Accepted)
            .Text("delete_at").Should().Be(date);
        foreach (string action in (string[])["suspend", "resume"])
            (await Client.ActOnTenantAsync(id, action)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_TENANT_003");

        (await App.DeleteDueAsync(Week)).Should().Be(1);
        foreach (Answer late in (Answer[])
        [
            await Client.DeleteTenantAsync(id),
            await Client.CancelTenantDeletionAsync(id),
            await Client.ActOnTenantAsync(id, "suspend"),
            await Client.ActOnTenantAsync(id, "resume"),
            await Client.UpdateTenantAsync(id, """{"plan":"free"}"""),
        ])
            late.ShouldBeRefused(HttpStatusCode.Conflict, "ERR_TENANT_003");

        (await Client.DeleteTenantAsync(Nobody)).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
        (await Client.CancelTenantDeletionAsync("no-id")).ShouldBeRefused(HttpStatusCode.NotFound, "ERR_NOT_FOUND_001");
        string own = (await Client.OwnApiKeyAsync()).Text("tenant_id");
        (await Client.DeleteTenantAsync(own)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_TENANT_002");
        (await Client.GetJsonAsync("/kms/keys")).ShouldBe(HttpStatusCode.OK);
        await VerifyHoldsAsync();
    }

    /// <summary>14.1, Q-47: an order and its cancellation with a key are each done once.</summary>
    [Fact]
    public async Task A_repeated_order_is_the_same_one()
    {
        string id = (await Client.CreateTenantAsync("repeated")).Text("tenant_id");
        Answer first = await Client.SendOnceAsync("order", HttpMethod.Delete, $"/tenants/{id}", """{"waiting_days":9}""");
        (await Client.CancelTenantDeletionAsync(id)).ShouldBe(HttpStatusCode.OK);

        Answer again = await Client.SendOnceAsync("order", HttpMethod.Delete, $"/tenants/{id}", """{"waiting_days":9}""");

        again.ShouldBe(HttpStatusCode.Accepted).Data.ToJsonString().Should().Be(first.Data.ToJsonString());
        (await Client.GetJsonAsync($"/tenants/{id}")).Text("state").Should().Be("active");
    }

    /// <summary>14.1: nothing of a tenant that waits is done in the background, and a job does not survive it.</summary>
    [Fact]
    public async Task A_job_of_a_tenant_that_waits_does_not_run()
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "with a job");
        string kid = (await theirs.GenerateAsync("ML-DSA-44")).Text("kid");
        (await theirs.RotateVersionAsync(kid, $$"""{"scheduled_at":"{{App.Time.GetUtcNow().AddHours(1):yyyy-MM-dd'T'HH:mm:ss'Z'}}"}"""))
            .ShouldBe(HttpStatusCode.Accepted);
        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);

        await App.RotateDueAsync(TimeSpan.FromDays(1));
        using (Database database = App.OpenDatabase())
            database.Scalar($"SELECT COUNT(*) FROM key_versions WHERE previous_kid = '{kid}'").Should().Be(0L);

        (await App.DeleteDueAsync(Week)).Should().Be(1);
        await App.RotateDueAsync(TimeSpan.FromDays(1));
        using Database after = App.OpenDatabase();
        after.ShouldHoldNothingOf(id);
        App.Log.Text.Should().NotContain("Critical ");
    }

    /// <summary>14.1: more rows than one unit removes go in several, chains of rotations among them.</summary>
    [Fact]
    public async Task More_rows_than_a_piece_go_in_several()
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "large");
        int keys = TenantDeletionSweep.Piece + 10;
        await Parallel.ForEachAsync(Enumerable.Range(0, keys), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            await theirs.GenerateAsync(KeyUseVerbs.Aes, new { name = $"n{i}" });
            if (i < 50)
                await theirs.RotateAsync(KeyUseVerbs.Aes, new { name = $"n{i}" });

            await theirs.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", name = $"n{i}" });
        });
        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);

        (await App.DeleteDueAsync(Week)).Should().Be(1);

        using (Database database = App.OpenDatabase())
        {
            database.ShouldHoldNothingOf(id);
            database.Flaws().Should().BeEmpty();
        }

        await VerifyHoldsAsync();
    }

    /// <summary>14.1: sweeps at the same time, as several nodes make them, delete each tenant once.</summary>
    [Fact]
    public async Task Sweeps_at_the_same_time_delete_each_tenant_once()
    {
        string[] ids = new string[6];
        for (int i = 0; i < ids.Length; i++)
        {
            (ids[i], HttpClient theirs) = await App.FurnishTenantAsync(Client, $"n{i}");
            theirs.Dispose();
            (await Client.DeleteTenantAsync(ids[i])).ShouldBe(HttpStatusCode.Accepted);
        }

        TenantDeletionSweep[] nodes =
            [.. Enumerable.Range(0, 3).Select(_ => ActivatorUtilities.CreateInstance<TenantDeletionSweep>(App.Services))];
        await App.LeaveDueWorkAsync();
        App.Time.Pass(Week);
        int[] deleted = await Task.WhenAll(nodes.Select(node => Task.Run(() => node.RunAsync(CancellationToken.None))));

        deleted.Sum().Should().Be(ids.Length);
        using (Database database = App.OpenDatabase())
        {
            foreach (string id in ids)
            {
                database.ShouldHoldNothingOf(id);
                database.Scalar($"SELECT COUNT(*) FROM audit_events WHERE tenant_id = {Stored(id)} AND action = 'tenant.erased'")
                    .Should().Be(1L);
            }
        }

        App.Log.Text.Should().NotContain("Critical ").And.NotContain("Error ");
        await VerifyHoldsAsync();
    }

    /// <summary>14.1: at the last moment either the cancellation or the sweep wins, and the other sees it.</summary>
    [Fact]
    public async Task A_cancellation_and_a_sweep_at_the_same_time_leave_the_tenant_whole_or_deleted()
    {
        TenantDeletionSweep sweep = App.Services.GetRequiredService<TenantDeletionSweep>();
        await App.LeaveDueWorkAsync();
        for (int round = 0; round < 10; round++)
        {
            Answer made = await Client.CreateTenantAsync($"r{round}");
            using HttpClient theirs = App.ClientFor(made.InitialApiKey());
            await theirs.GenerateAsync(KeyUseVerbs.Aes);
            string id = made.Text("tenant_id");
            (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
            App.Time.Pass(Week);

            Task<int> deletion = Task.Run(() => sweep.RunAsync(CancellationToken.None));
            Answer cancelled = await Client.CancelTenantDeletionAsync(id);
            bool isDeleted = await deletion == 1;

            (cancelled.Status == HttpStatusCode.OK).Should().Be(!isDeleted, cancelled.Body);
            (await Client.GetJsonAsync($"/tenants/{id}")).Text("state").Should().Be(isDeleted ? "deleted" : "active");
            if (!isDeleted)
                await theirs.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA" });
        }

        await VerifyHoldsAsync();
    }

    /// <summary>14.1: a clock that jumps ahead and is set right again deletes nothing; one that goes back only puts off.</summary>
    [Fact]
    public async Task A_clock_that_is_wrong_deletes_nothing()
    {
        string id = (await Client.CreateTenantAsync("timeless")).Text("tenant_id");
        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
        (await App.DeleteDueAsync(TimeSpan.FromHours(1))).Should().Be(0);

        App.Time.ShiftWallClock(TimeSpan.FromDays(365));
        (await App.DeleteDueAsync(TimeSpan.FromMinutes(9))).Should().Be(0);
        App.Time.ShiftWallClock(TimeSpan.FromDays(-365));
        (await App.DeleteDueAsync(TimeSpan.FromDays(3))).Should().Be(0);
        App.Time.ShiftWallClock(TimeSpan.FromDays(-2));
        (await App.DeleteDueAsync(TimeSpan.FromDays(5.8))).Should().Be(0);

        (await Client.CancelTenantDeletionAsync(id)).ShouldBe(HttpStatusCode.OK).Text("state").Should().Be("active");
    }

    /// <summary>14.1: what callers get across the moment at which the key is destroyed, and that nothing is written after it.</summary>
    [Fact]
    public async Task Callers_at_the_moment_of_the_deletion_leave_nothing_behind()
    {
        (string id, HttpClient theirs) = await App.FurnishTenantAsync(Client, "busy");
        await theirs.GenerateAsync(KeyUseVerbs.Aes, new { name = "busy" });
        using CancellationTokenSource end = new();
        Task<Answer>[] callers = [.. Enumerable.Range(0, 6).Select(i => Task.Run(() => CallAsync(i)))];

        (await Client.DeleteTenantAsync(id)).ShouldBe(HttpStatusCode.Accepted);
        (await App.DeleteDueAsync(Week)).Should().Be(1);
        await end.CancelAsync();

        foreach (Answer last in await Task.WhenAll(callers))
            last.Status.Should().BeOneOf(HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized);

        // What was remembered of uses and refusals is written later, and must find no way in.
        await App.Services.GetRequiredService<Qkms.Core.Journal.RefusalJournal>().WriteLastAsync();
        await App.Services.GetRequiredService<Qkms.Core.ApiKeys.ApiKeyUses>().WriteAsync(CancellationToken.None);
        using (Database database = App.OpenDatabase())
            database.ShouldHoldNothingOf(id);

        App.Log.Text.Should().NotContain("Critical ");
        await VerifyHoldsAsync();

        async Task<Answer> CallAsync(int caller)
        {
            Answer answer;
            int round = 0;
            do
            {
                answer = round++ % 3 == 0
                    ? await theirs.UseAsync("/kms/keys/generate", new { algorithm = "AES-256", name = $"c{caller}-{round}" })
                    : await theirs.UseAsync("/crypto/encrypt", new { plaintext = "AAAA", name = "busy" });
                ((int)answer.Status).Should().BeOneOf([200, 201, 401, 403, 429], answer.Body);
            }
            while (!end.IsCancellationRequested);

            return answer;
        }
    }

    private async Task VerifyHoldsAsync()
    {
        (int exitCode, string said) = await Verify.RunAsync(App.DataDirectory);
        exitCode.Should().Be(0, said);
    }

    private double Days(Answer answer, string member) =>
        (DateTimeOffset.Parse(answer.Text(member), System.Globalization.CultureInfo.InvariantCulture) - App.Time.GetUtcNow()).TotalDays;
}
