using Qkms.Core.Lifecycle;
using Qkms.Core.Uses;

namespace Qkms.Tests.Keys;

/// <summary>When the time has come: what is destroyed, by whom, and what a clock that is wrong may not do.</summary>
public sealed class DestructionSweepTests : ServiceTests
{
    private static readonly TimeSpan _week = TimeSpan.FromDays(7);

    //
    [Fact]
    public async Task A_version_is_destroyed_on_its_date_and_not_before()
    {
        string kid = await WaitingAsync(Client);

        (await App.SweepAfterAsync(_week - TimeSpan.FromMinutes(1))).Should().Be(0);
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("pending_destruction");
        (await App.FindMaterialAsync(kid)).Should().NotBeNull();

        (await App.SweepAfterAsync(TimeSpan.FromMinutes(1))).Should().Be(1);
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("destroyed");
        (await App.FindMaterialAsync(kid)).Should().BeNull();
        (await App.SweepAfterAsync(_week)).Should().Be(0);
    }

    // the date is in the database; the process that took the order need not be the one that carries it out.
    [Fact]
    public async Task An_order_survives_a_restart()
    {
        using TemporaryDirectory directory = new();
        string kid;
        await using (QkmsApplication before = new(directory.Path))
        {
            using HttpClient client = before.Client();
            kid = await WaitingAsync(client);
        }

        await using QkmsApplication after = new(directory.Path);
        using HttpClient reader = after.Client();
        (await after.SweepAfterAsync(_week)).Should().Be(1);
        (await reader.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("destroyed");
    }

    //
    [Fact]
    public async Task More_versions_than_a_page_are_destroyed_in_one_sweep_and_leave_the_others()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes);
        List<string> kids = [];
        for (int i = 0; i < 120; i++)
        {
            kids.Add((await Client.RotateAsync(KeyUseVerbs.Aes)).Text("previous_kid"));
            (await Client.DestroyAsync(kids[^1], """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        }

        (await Client.CancelDeletionAsync(kids[60])).ShouldBe(HttpStatusCode.OK);

        (await App.SweepAfterAsync(_week)).Should().Be(119);
        (await Client.GetJsonAsync("/kms/keys?status=destroyed")).Number("total").Should().Be(119);
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(121);
        (await App.FindVersionAsync(kids[0])).Key.DestroyedCount.Should().Be(119);
    }

    // a clock that jumps ahead and is set right again within minutes has destroyed nothing.
    [Fact]
    public async Task A_wall_clock_that_jumped_ahead_is_not_believed_at_once()
    {
        string kid = await WaitingAsync(Client);
        DestructionSweep sweep = App.Services.GetRequiredService<DestructionSweep>();
        await App.LeaveDueWorkAsync();
        App.Time.Pass(TimeSpan.FromHours(1));

        App.Time.ShiftWallClock(TimeSpan.FromDays(365));
        (await sweep.RunAsync(CancellationToken.None)).Should().Be(0);
        (await App.SweepAfterAsync(TimeSpan.FromMinutes(9))).Should().Be(0);
        App.Time.ShiftWallClock(TimeSpan.FromDays(-365));
        (await sweep.RunAsync(CancellationToken.None)).Should().Be(0);
        (await App.SweepAfterAsync(TimeSpan.FromDays(1))).Should().Be(0);

        (await Client.CancelDeletionAsync(kid)).Text("status").Should().Be("retired");
    }

    // also not in the first minutes of a process, which cannot know whether the machine started with the right date.
    [Fact]
    public async Task A_process_destroys_nothing_in_its_first_minutes()
    {
        string kid = await WaitingAsync(Client);
        await App.RewriteAsync(kid, version => version with { DestroyAt = version.CreatedAt });

        (await App.SweepAfterAsync(TimeSpan.FromMinutes(9))).Should().Be(0);
        (await App.SweepAfterAsync(TimeSpan.FromMinutes(2))).Should().Be(1);
    }

    //
    [Fact]
    public async Task A_wall_clock_that_went_back_only_puts_off()
    {
        string kid = await WaitingAsync(Client);
        (await App.SweepAfterAsync(TimeSpan.FromDays(6))).Should().Be(0);

        App.Time.ShiftWallClock(TimeSpan.FromDays(-6));
        (await App.SweepAfterAsync(TimeSpan.FromDays(6.9))).Should().Be(0);
        (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be("pending_destruction");

        // The time in which the clock went back was not seen to go by.
        (await App.SweepAfterAsync(TimeSpan.FromDays(0.1))).Should().Be(0);
        (await App.SweepAfterAsync(TimeSpan.FromDays(7))).Should().Be(1);
    }

    // as several nodes do.
    [Fact]
    public async Task Sweeps_at_the_same_time_destroy_each_version_once()
    {
        List<string> kids = [];
        for (int i = 0; i < 20; i++)
            kids.Add(await WaitingAsync(Client, $"n{i}"));

        DestructionSweep[] nodes =
            [.. Enumerable.Range(0, 4).Select(_ => ActivatorUtilities.CreateInstance<DestructionSweep>(App.Services))];
        await App.LeaveDueWorkAsync();
        App.Time.Pass(_week);
        int[] destroyed = await Task.WhenAll(nodes.Select(node => Task.Run(() => node.RunAsync(CancellationToken.None))));

        destroyed.Sum().Should().Be(20);
        foreach (string kid in kids)
            (await App.FindVersionAsync(kid)).Key.DestroyedCount.Should().Be(1);
    }

    // whichever is first decides, and the other sees it.
    [Fact]
    public async Task A_cancellation_and_a_sweep_at_the_same_time_leave_the_version_whole_or_destroyed()
    {
        DestructionSweep sweep = App.Services.GetRequiredService<DestructionSweep>();
        await App.LeaveDueWorkAsync();
        for (int round = 0; round < 20; round++)
        {
            string kid = await WaitingAsync(Client, $"r{round}");
            App.Time.Pass(_week);
            Task<int> destruction = Task.Run(() => sweep.RunAsync(CancellationToken.None));
            Answer cancelled = await Client.CancelDeletionAsync(kid);
            bool isDestroyed = await destruction == 1;

            (cancelled.Status == HttpStatusCode.OK).Should().Be(!isDestroyed, cancelled.Body);
            (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be(isDestroyed ? "destroyed" : "retired");
            ((await App.FindMaterialAsync(kid)) is null).Should().Be(isDestroyed);
        }
    }

    //
    [Fact]
    public async Task Orders_cancellations_rotations_and_sweeps_at_the_same_time_keep_the_key_whole()
    {
        DestructionSweep sweep = App.Services.GetRequiredService<DestructionSweep>();
        await App.LeaveDueWorkAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes);
        for (int round = 0; round < 15; round++)
        {
            string old = (await Client.ActiveAsync(KeyUseVerbs.Aes)).Text("kid");
            Task<Answer> order = Client.DestroyAsync(old, """{"waiting_days":7}""");
            Task<Answer> rotation = Client.PostJsonAsync("/kms/keys/rotate", """{"algorithm":"AES-256"}""");
            Task<Answer> cancellation = Client.CancelDeletionAsync(old);
            Task<int> destruction = Task.Run(() => sweep.RunAsync(CancellationToken.None));
            await Task.WhenAll(order, rotation, cancellation, destruction);

            (await rotation).ShouldBe(HttpStatusCode.Created);
            (await order).Status.Should().BeOneOf(HttpStatusCode.Accepted, HttpStatusCode.Conflict);
            (await cancellation).Status.Should().BeOneOf(HttpStatusCode.OK, HttpStatusCode.Conflict);
            App.Time.Pass(_week);
        }

        await App.SweepAfterAsync(_week);
        Answer list = await Client.GetJsonAsync("/kms/keys");
        list.Number("total").Should().Be(16);
        string[] statuses = [.. list.Data["keys"]!.AsArray().Select(version => (string)version!["status"]!)];
        statuses[0].Should().Be("active");
        statuses[1..].Should().OnlyContain(status => status == "retired" || status == "destroyed");
        KeyAndVersion active = await App.FindVersionAsync((await Client.ActiveAsync(KeyUseVerbs.Aes)).Text("kid"));
        active.Key.DestroyedCount.Should().Be(statuses.Count(status => status == "destroyed"));
        App.Log.Lines.Should().NotContain(line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    //
    [Fact]
    public async Task A_waiting_key_leaves_memory_at_once()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes);
        string ciphertext = (await Client.MustUseAsync("/crypto/encrypt", new { plaintext = "aGVsbG8=" })).Text("ciphertext");
        await Client.RetireAsync(1, KeyUseVerbs.Aes, new { allow_no_active = true });
        string kid = (await Client.MustUseAsync("/crypto/decrypt", new { ciphertext })).Text("kid");
        MaterialCache cache = App.Services.GetRequiredService<MaterialCache>();
        cache.Count.Should().Be(1);

        (await Client.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);

        cache.Count.Should().Be(0);
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        cache.Count.Should().Be(0);
        await App.SweepAfterAsync(TimeSpan.FromDays(30));
        (await Client.UseAsync("/crypto/decrypt", new { ciphertext })).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        App.Log.Lines.Should().NotContain(line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    // whoever can write to the database cannot have a key destroyed by its own service, nor keep others from it.
    [Fact]
    public async Task A_row_with_a_broken_seal_is_not_destroyed_and_hides_no_other()
    {
        string forged = (await Client.GenerateRetiredAsync(name: "forged")).Text("kid");
        string other = await WaitingAsync(Client, "other");
        TenantId tenant = await App.FirstTenantAsync();
        await App.Store().WriteAsync(
            async session =>
            {
                Sealed<KeyVersion> row = (await Repositories.Keys.FindWithKeyAsync(session, tenant, Kid.FromStored(forged)))!.Version;
                return await Repositories.Keys.UpdateVersionAsync(
                    session, row with { UnverifiedRow = row.UnverifiedRow with { DestroyAt = row.UnverifiedRow.CreatedAt } });
            },
            CancellationToken.None);

        (await App.SweepAfterAsync(_week)).Should().Be(1);

        (await Client.GetJsonAsync($"/kms/keys/{other}")).Text("status").Should().Be("destroyed");
        (await Client.GetJsonAsync($"/kms/keys/{forged}")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        App.Log.Lines.Should().Contain(line => line.StartsWith("Critical ", StringComparison.Ordinal)
            && line.Contains($"key version {forged}", StringComparison.Ordinal));
        App.Log.Lines.Should().Contain(
            line => line.Contains(other, StringComparison.Ordinal) && line.Contains("was destroyed", StringComparison.Ordinal));
    }

    private static async Task<string> WaitingAsync(HttpClient client, string name = "default")
    {
        string kid = (await client.GenerateRetiredAsync(KeyUseVerbs.Aes, name)).Text("kid");
        (await client.DestroyAsync(kid, """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        return kid;
    }
}
