using Qkms.Core.Lifecycle;
using Qkms.Core.Rotations;

namespace Qkms.Tests.Rotations;

/// <summary>When the time of a rotation has come: once, by whomever, whatever the clock does and whatever breaks down.</summary>
public sealed class RotationSchedulerTests : ServiceTests
{
    /// <summary>A-13: a job survives a restart; the process that took it need not be the one that does it.</summary>
    [Fact]
    public async Task A_job_survives_a_restart()
    {
        using TemporaryDirectory directory = new();
        string id;
        await using (QkmsApplication before = new(directory.Path))
        {
            using HttpClient client = before.Client();
            await client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
            id = (await client.ScheduleAsync("one", before.InHours(1))).Text("id");
        }

        await using QkmsApplication after = new(directory.Path);
        using HttpClient reader = after.Client();
        (await after.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);
        (await reader.GetJsonAsync($"/kms/rotation-jobs/{id}")).Text("state").Should().Be("SUCCEEDED");
        (await reader.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2);
    }

    /// <summary>A-13: several nodes at once do each job once.</summary>
    [Fact]
    public async Task Schedulers_at_the_same_time_do_each_job_once()
    {
        const int Jobs = 20;
        for (int i = 0; i < Jobs; i++)
        {
            await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = $"k{i}", name = $"n{i}" });
            await Client.ScheduleAsync($"k{i}", App.InHours(1));
        }

        RotationScheduler[] nodes =
            [.. Enumerable.Range(0, 4).Select(_ => ActivatorUtilities.CreateInstance<RotationScheduler>(App.Services))];
        await App.LeaveDueWorkAsync();
        App.Time.Pass(TimeSpan.FromHours(1));
        int[] rotated = await Task.WhenAll(nodes.Select(node => Task.Run(() => node.RunAsync(CancellationToken.None))));

        rotated.Sum().Should().Be(Jobs);
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2 * Jobs);
        (await StatesAsync()).Should().OnlyContain(state => state == "SUCCEEDED").And.HaveCount(Jobs);
    }

    /// <summary>A-13: a node that was taken for dead comes back, and finds the successor of the other.</summary>
    [Fact]
    public async Task A_lease_that_ran_out_makes_no_second_version()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string id = (await Client.ScheduleAsync("one", App.InHours(1))).Text("id");
        await App.RewriteJobAsync(id, job => job with { State = RotationJobState.Running, Attempts = 1 });

        // The first node's attempt was due to end by now; the second begins it anew, and so does the first when it wakes up.
        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);
        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(0);

        Answer job = await Client.GetJsonAsync($"/kms/rotation-jobs/{id}");
        job.Text("state").Should().Be("SUCCEEDED");
        job.Number("attempts").Should().Be(2);
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2);
    }

    /// <summary>A-13: a job whose every attempt was cut off ends by itself: it does not kill one process after the other.</summary>
    [Fact]
    public async Task A_job_by_which_processes_die_fails_in_the_end()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string id = (await Client.ScheduleAsync("one", App.InHours(1))).Text("id");
        await App.RewriteJobAsync(id, job => job with { State = RotationJobState.Running, Attempts = 10 });

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(0);

        Answer job = await Client.GetJsonAsync($"/kms/rotation-jobs/{id}");
        job.Text("state").Should().Be("FAILED");
        job.Text("error_code").Should().Be("ERR_INTERNAL_001");
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(1);
        App.EventsOf("one").Should().Contain(line => line.StartsWith("rotation.failed RUNNING FAILED", StringComparison.Ordinal));
    }

    /// <summary>A-13: the kid that the successor was to have is taken meanwhile: it fails once.</summary>
    [Fact]
    public async Task A_kid_that_was_taken_meanwhile_fails_at_once()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string id = (await Client.ScheduleAsync("one", App.InHours(1), """{"kid":"two"}""")).Text("id");
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "two", name = "other" });

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(0);

        (await Client.GetJsonAsync($"/kms/rotation-jobs/{id}")).Text("state").Should().Be("FAILED");
        (await Client.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("active");
    }

    /// <summary>A-13: what breaks down is tried again after a growing, capped time, and fails after a set number of tries.</summary>
    [Fact]
    public async Task A_rotation_that_breaks_down_backs_off_and_fails_in_the_end()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string id = (await Client.ScheduleAsync("one", App.InHours(1))).Text("id");
        using (Database database = App.OpenDatabase())
            database.Execute("UPDATE keyring SET wrapped = wrapped || wrapped WHERE tenant_id IS NOT NULL");

        List<TimeSpan> delays = [];
        await App.LeaveDueWorkAsync();
        App.Time.Pass(TimeSpan.FromHours(1));
        for (int attempt = 1; attempt < 10; attempt++)
        {
            (await App.RotateDueAsync(TimeSpan.Zero)).Should().Be(0);
            Answer job = await Client.GetJsonAsync($"/kms/rotation-jobs/{id}");
            job.Text("state").Should().Be("SCHEDULED");
            job.Number("attempts").Should().Be(attempt);
            job.Text("error_code").Should().Be("ERR_INTERNAL_001");
            delays.Add(DateTimeOffset.Parse(job.Text("next_attempt_at"), null) - App.Time.GetUtcNow());
            (await App.RotateDueAsync(TimeSpan.Zero)).Should().Be(0);
            (await Client.GetJsonAsync($"/kms/rotation-jobs/{id}")).Number("attempts").Should().Be(attempt, "it is not due yet");
            App.Time.Pass(delays[^1] + TimeSpan.FromSeconds(1));
        }

        (await App.RotateDueAsync(TimeSpan.Zero)).Should().Be(0);
        Answer failed = await Client.GetJsonAsync($"/kms/rotation-jobs/{id}");
        failed.Text("state").Should().Be("FAILED");
        failed.Number("attempts").Should().Be(10);
        delays.Select(delay => Math.Round(delay.TotalSeconds / 15) * 15).Should().Equal(30, 60, 120, 240, 480, 960, 1920, 3600, 3600);
        (await App.RotateDueAsync(TimeSpan.FromDays(1))).Should().Be(0);
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(1);
    }

    /// <summary>A-13: a database that is away for a moment costs an attempt, and the next one succeeds.</summary>
    [Fact]
    public async Task What_was_mended_meanwhile_is_rotated_by_the_next_attempt()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string id = (await Client.ScheduleAsync("one", App.InHours(1))).Text("id");
        byte[] wrapped;
        using (Database database = App.OpenDatabase())
        {
            wrapped = (byte[])database.Scalar("SELECT wrapped FROM keyring WHERE tenant_id IS NOT NULL")!;
            database.Execute("UPDATE keyring SET wrapped = wrapped || wrapped WHERE tenant_id IS NOT NULL");
        }

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(0);
        using (Database database = App.OpenDatabase())
            database.Execute("UPDATE keyring SET wrapped = @Wrapped WHERE tenant_id IS NOT NULL", ("Wrapped", wrapped));

        (await App.RotateDueAsync(TimeSpan.FromMinutes(1))).Should().Be(1);
        Answer job = await Client.GetJsonAsync($"/kms/rotation-jobs/{id}");
        job.Text("state").Should().Be("SUCCEEDED");
        job.Data["error_code"].Should().BeNull();
    }

    /// <summary>
    /// A-13: a clock that is set right within minutes has rotated nothing, and 24 hours to and fro make no second version.
    /// </summary>
    [Fact]
    public async Task A_clock_that_jumps_to_and_fro_makes_no_second_version()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string id = (await Client.ScheduleAsync("one", App.InHours(12))).Text("id");
        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(0);

        App.Time.ShiftWallClock(TimeSpan.FromHours(24));
        (await App.RotateDueAsync(TimeSpan.Zero)).Should().Be(0, "a jump is not believed at once");
        (await App.RotateDueAsync(TimeSpan.FromMinutes(9))).Should().Be(0);
        App.Time.ShiftWallClock(TimeSpan.FromHours(-24));
        (await App.RotateDueAsync(TimeSpan.Zero)).Should().Be(0);
        (await Client.GetJsonAsync($"/kms/rotation-jobs/{id}")).Text("state").Should().Be("SCHEDULED");

        int rotated = 0;
        for (int jump = 0; jump < 24; jump++)
        {
            App.Time.ShiftWallClock(TimeSpan.FromHours(jump % 2 == 0 ? 24 : -24));
            for (int look = 0; look < 12; look++)
                rotated += await App.RotateDueAsync(TimeSpan.FromMinutes(1));
        }

        rotated.Should().Be(1);
        (await Client.GetJsonAsync($"/kms/rotation-jobs/{id}")).Number("attempts").Should().Be(1);
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2);
    }

    /// <summary>A-13: a job that is cancelled while it runs makes no version, or it was too late.</summary>
    [Fact]
    public async Task A_cancellation_and_a_rotation_at_the_same_time_exclude_each_other()
    {
        RotationScheduler scheduler = App.Services.GetRequiredService<RotationScheduler>();
        await App.LeaveDueWorkAsync();
        for (int round = 0; round < 20; round++)
        {
            string kid = $"k{round}";
            await Client.GenerateAsync("ML-DSA-44", new { kid, name = kid });
            string id = (await Client.ScheduleAsync(kid, App.InHours(1))).Text("id");
            App.Time.Pass(TimeSpan.FromHours(1));
            Task<int> rotating = Task.Run(() => scheduler.RunAsync(CancellationToken.None));
            if (round % 2 == 0)
                await Eventually.HoldsAsync(async () => (await StateAsync(id)) != "SCHEDULED");

            Answer cancelled = await Client.SendJsonAsync(HttpMethod.Delete, $"/kms/rotation-jobs/{id}", null);
            bool isRotated = await rotating == 1;

            (cancelled.Status == HttpStatusCode.OK).Should().Be(!isRotated, cancelled.Body);
            (await StateAsync(id)).Should().Be(isRotated ? "SUCCEEDED" : "CANCELLED");
            (await Client.GetJsonAsync($"/kms/keys/{kid}")).Text("status").Should().Be(isRotated ? "retired" : "active");
        }
    }

    /// <summary>A-07: a revoke while the job runs leaves a revoked version without a successor, or one with.</summary>
    [Fact]
    public async Task A_revoke_and_a_rotation_at_the_same_time_leave_the_key_whole()
    {
        RotationScheduler scheduler = App.Services.GetRequiredService<RotationScheduler>();
        await App.LeaveDueWorkAsync();
        for (int round = 0; round < 20; round++)
        {
            string kid = $"k{round}";
            await Client.GenerateAsync("ML-DSA-44", new { kid, name = kid });
            string id = (await Client.ScheduleAsync(kid, App.InHours(1))).Text("id");
            App.Time.Pass(TimeSpan.FromHours(1));
            Task<int> rotating = Task.Run(() => scheduler.RunAsync(CancellationToken.None));
            (await Client.RevokeAsync(kid)).ShouldBe(HttpStatusCode.NoContent);
            bool isRotated = await rotating == 1;

            Answer version = await Client.GetJsonAsync($"/kms/keys/{kid}");
            version.Text("status").Should().Be("revoked");
            (version.Data["next_kid"] is not null).Should().Be(isRotated);
            (await StateAsync(id)).Should().BeOneOf(isRotated ? ["SUCCEEDED"] : ["CANCELLED", "FAILED"]);
        }

        App.Log.Lines.Should().NotContain(line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    /// <summary>A-13: a job that somebody planted or edited in the database rotates nothing, and holds up no other.</summary>
    [Theory]
    [InlineData("UPDATE rotation_jobs SET next_attempt_at = next_attempt_at - 7200000 WHERE kid = 'one'")]
    [InlineData("UPDATE rotation_jobs SET kid = 'three', name = 'three' WHERE kid = 'one'")]
    [InlineData("UPDATE rotation_jobs SET requested_kid = 'mine' WHERE kid = 'one'")]
    [InlineData("UPDATE rotation_jobs SET tenant_id = tenant_id, actor_id = 'somebody' WHERE kid = 'one'")]
    public async Task A_job_that_was_edited_rotates_nothing(string attack)
    {
        foreach (string kid in new[] { "one", "two", "three" })
            await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid, name = kid });

        string id = (await Client.ScheduleAsync("one", App.InHours(1))).Text("id");
        await Client.ScheduleAsync("two", App.InHours(1));
        using (Database database = App.OpenDatabase())
            database.Execute(attack).Should().Be(1);

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);
        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(0);

        (await Client.GetJsonAsync("/kms/keys/two")).Text("status").Should().Be("retired");
        (await Client.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("active");
        (await Client.GetJsonAsync("/kms/keys/three")).Text("status").Should().Be("active");
        (await Client.GetJsonAsync($"/kms/rotation-jobs/{id}"))
            .ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");
        (await Client.GetJsonAsync("/kms/rotation-jobs")).Data["unreadable"]!.AsArray().Select(one => (string)one!).Should().Equal(id);
        App.Log.Lines.Should().Contain(
            line => line.StartsWith("Critical ", StringComparison.Ordinal)
                && line.Contains($"rotation job {id}", StringComparison.Ordinal));

        // It is in nobody's way.
        (await Client.RevokeAsync("one")).ShouldBe(HttpStatusCode.NoContent);
        (await Client.RevokeAsync("three")).ShouldBe(HttpStatusCode.NoContent);
    }

    /// <summary>A-13: the copy of a genuine job under another id rotates nothing.</summary>
    [Fact]
    public async Task A_job_that_was_copied_rotates_nothing()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        await Client.ScheduleAsync("one", App.InHours(1));
        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);
        using (Database database = App.OpenDatabase())
        {
            IReadOnlyList<string> columns = database.ColumnNames("rotation_jobs");
            string made = Convert.ToHexString(new Guid("0198f5c2-7d1e-7c3a-9b54-2f0c6a1e8d37").ToByteArray(bigEndian: true));
            string id = TestStorage.IsPostgres ? $"'\\x{made}'::bytea" : $"x'{made}'";
            string values = string.Join(", ", columns.Select(column => column switch
            {
                "id" => id,
                "state" => "1",
                "next_attempt_at" => "scheduled_at",
                "finished_at" or "new_kid" => "NULL",
                _ => column,
            }));
            database.Execute($"INSERT INTO rotation_jobs ({string.Join(", ", columns)}) SELECT {values} FROM rotation_jobs").Should().Be(1);
        }

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(0);
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2);
    }

    /// <summary>A-13: more jobs than a page are done in one look, and leave those that are not due.</summary>
    [Fact]
    public async Task More_jobs_than_a_page_are_done_in_one_look()
    {
        const int Due = 120;
        for (int i = 0; i < Due + 1; i++)
        {
            await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = $"k{i}", name = $"n{i}" });
            await Client.ScheduleAsync($"k{i}", App.InHours(i < Due ? 1 : 48));
        }

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(Due);
        (await StatesAsync("state=SCHEDULED")).Should().ContainSingle();
    }

    private async Task<string> StateAsync(string id) => (await Client.GetJsonAsync($"/kms/rotation-jobs/{id}")).Text("state");

    private async Task<string[]> StatesAsync(string query = "") =>
    [
        .. (await Client.GetJsonAsync($"/kms/rotation-jobs?{query}")).Data["jobs"]!.AsArray().Select(job => (string)job!["state"]!),
    ];

    // As another node would write it.
}
