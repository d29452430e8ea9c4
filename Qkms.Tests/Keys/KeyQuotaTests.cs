using Qkms.Core.Tenants;
using Qkms.Tests.Devices;
using Qkms.Tests.Rotations;

namespace Qkms.Tests.Keys;

/// <summary>How many versions of a key a plan allows, and how many it lets a tenant generate in 24 hours.</summary>
public sealed class KeyQuotaTests : ServiceTests
{
    private const string Aes = "AES-256";

    private static readonly TimeSpan _day = TimeSpan.FromHours(24);

    /// <summary>Q-30: the numbers that were promised.</summary>
    [Theory]
    [InlineData("free", 3)]
    [InlineData("starter", 10)]
    [InlineData("growth", 25)]
    [InlineData("pro", 100)]
    [InlineData("enterprise", 0)]
    public void Each_plan_allows_so_many_versions(string plan, int versions)
    {
        PlanLimits limits = new PlanOptions().Of(plan);

        limits.VersionsPerKey.Should().Be(versions);
        (limits.GenerationsPerDay == 0).Should().Be(versions == 0, "and a day's generations are limited too, or neither");
    }

    /// <summary>Q-30: over it 403, by whatever way a version is made; nothing is lost, and other keys go on.</summary>
    [Fact]
    public async Task No_way_leads_to_a_fourth_version_of_a_key()
    {
        using HttpClient free = await TenantAsync();
        await free.GenerateAsync(Aes, new { kid = "one" });
        string job = (await free.ScheduleAsync("one", App.InHours(1), """{"kid":"later"}""")).Text("id");
        await App.RotateDueAsync(TimeSpan.FromHours(1));
        (await free.GetJsonAsync($"/kms/rotation-jobs/{job}")).Text("state").Should().Be("SUCCEEDED");
        job = (await free.ScheduleAsync("later", App.InHours(1))).Text("id");
        string third = (await free.RotateAsync(Aes)).Text("kid");
        (await free.GetJsonAsync($"/kms/rotation-jobs/{job}")).Text("state").Should().Be("CANCELLED");

        await RefusedAsync(TryRotateAsync(free));
        await RefusedAsync(free.RotateVersionAsync(third, "{}"));
        await RefusedAsync(free.RotateVersionAsync(third, """{"new_key":{"kid":"mine"}}"""));
        await RefusedAsync(free.RotateVersionAsync(third, $$"""{"scheduled_at":"{{App.InHours(1)}}"}"""));
        await free.RevokeAsync(third);
        await RefusedAsync(free.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"{{Aes}}"}"""));
        await RefusedAsync(TryRotateAsync(free));

        (await free.GetJsonAsync("/kms/keys")).Number("total").Should().Be(3);
        (await free.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"{{Aes}}","name":"other"}""")).ShouldBe(HttpStatusCode.Created);

        async Task RefusedAsync(Task<Answer> asked) => (await asked).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001")
            .Message.Should().Contain("'free'").And.Contain("3 versions");
    }

    /// <summary>Q-30, A-14: a rotation that goes over to another algorithm needs room there, and not where it comes from.</summary>
    [Fact]
    public async Task A_rotation_to_another_algorithm_counts_where_it_goes()
    {
        using HttpClient free = await TenantAsync();
        await free.GenerateAsync("RSA-2048", new { kid = "rsa" });
        await free.GenerateAsync("ML-KEM-768", new { kid = "kem" });
        await free.RotateAsync("ML-KEM-768");
        string last = (await free.RotateAsync("ML-KEM-768")).Text("kid");
        await free.RevokeAsync(last);

        (await free.RotateVersionAsync("rsa", """{"new_key":{"algorithm":"ML-KEM-768"},"allow_algorithm_change":true}"""))
            .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");

        (await free.GetJsonAsync("/kms/keys/rsa")).Text("status").Should().Be("active");
        (await free.RotateVersionAsync("rsa", """{"new_key":{"algorithm":"ML-KEM-512"},"allow_algorithm_change":true}"""))
            .ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Q-30: destroyed versions make room, and those that wait for it do not yet.</summary>
    [Fact]
    public async Task Only_what_is_destroyed_makes_room()
    {
        using HttpClient free = await TenantAsync();
        await free.GenerateAsync(Aes, new { kid = "one" });
        await free.RotateAsync(Aes);
        await free.RotateAsync(Aes);
        (await free.DestroyAsync("one", """{"waiting_days":7}""")).ShouldBe(HttpStatusCode.Accepted);
        (await TryRotateAsync(free)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");

        (await App.SweepAfterAsync(TimeSpan.FromDays(7))).Should().Be(1);

        (await free.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("destroyed");
        await free.RotateAsync(Aes);
        (await TryRotateAsync(free)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");
    }

    /// <summary>
    /// of 64 rotations at the same time when one version is left, one is made; of 64 keys when one generation is left, one too.
    /// </summary>
    [Fact]
    public async Task The_limits_are_exact_under_parallel_requests()
    {
        App.Settings["Qkms:Plans:free:GenerationsPerDay"] = "7";
        using HttpClient free = await TenantAsync();
        await free.GenerateAsync(Aes);
        await free.RotateAsync(Aes);

        Answer[] rotated = await RaceAsync(_ => TryRotateAsync(free));
        OneOf(rotated);

        for (int i = 0; i < 3; i++)
            await free.GenerateAsync(Aes, new { name = $"n{i}" });

        Answer[] generated = await RaceAsync(i => free.PostJsonAsync(
            "/kms/keys/generate", $$"""{"algorithm":"{{Aes}}","name":"race{{i}}"}"""));
        OneOf(generated);
        (await free.GetJsonAsync("/kms/keys")).Number("total").Should().Be(7);

        static Task<Answer[]> RaceAsync(Func<int, Task<Answer>> ask) =>
            Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => ask(i))));

        static void OneOf(Answer[] answers)
        {
            answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);

            // On a busy machine some may wait for the database for too long; nothing was done then.
            answers.Where(answer => answer.Status != HttpStatusCode.Created).Select(answer => answer.ErrorCode).Distinct()
                .Should().Contain("ERR_FORBIDDEN_001").And.BeSubsetOf(["ERR_FORBIDDEN_001", "ERR_SERVICE_001"]);
        }
    }

    /// <summary>
    /// so many in any 24 hours, rotations too. What is destroyed or refused winds nothing back, and clocks that are set do not.
    /// </summary>
    [Fact]
    public async Task A_day_has_so_many_generations()
    {
        App.Settings["Qkms:Plans:free:GenerationsPerDay"] = "4";
        using HttpClient free = await TenantAsync();
        await free.GenerateAsync(Aes, new { kid = "one" });
        App.Time.Pass(TimeSpan.FromHours(12));
        await free.RotateAsync(Aes);
        await free.GenerateAsync("ML-KEM-768");

        // What fails is not counted, and takes away nothing that is.
        (await free.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_004");
        (await free.RotateVersionAsync("one", "{}")).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        (await free.PostJsonAsync("/kms/keys/generate", """{"algorithm":"AES-256","name":"b","kid":"one"}"""))
            .ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_009");
        await free.GenerateAsync(Aes, new { name = "b" });

        await RefusedAsync("ML-KEM-512");
        await free.DestroyAsync("one");
        await RefusedAsync("ML-KEM-512");
        App.Time.ShiftWallClock(-_day);
        await RefusedAsync("ML-KEM-512");
        App.Time.ShiftWallClock(_day);
        await RefusedAsync("ML-KEM-512");

        // The window rolls: after 24 hours the first one is out of it, the others are not.
        App.Time.Pass(TimeSpan.FromHours(12));
        await free.RotateAsync("ML-KEM-768");
        await RefusedAsync("ML-KEM-512");

        async Task RefusedAsync(string algorithm) => (await free.PostJsonAsync("/kms/keys/generate", $$"""{"algorithm":"{{algorithm}}"}"""))
            .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001")
            .Message.Should().Contain("'free'").And.Contain("4 generated key versions in any 24 hours");
    }

    /// <summary>Q-30: a repeated request is one generation, and one that is refused can be repeated when there is room.</summary>
    [Fact]
    public async Task A_repeated_request_counts_once()
    {
        App.Settings["Qkms:Plans:free:GenerationsPerDay"] = "1";
        using HttpClient free = await TenantAsync();

        string kid = (await free.PostOnceAsync("first", "/kms/keys/generate", """{"algorithm":"AES-256"}""")).Text("kid");
        (await free.PostOnceAsync("first", "/kms/keys/generate", """{"algorithm":"AES-256"}""")).Text("kid").Should().Be(kid);
        (await free.PostOnceAsync("second", "/kms/keys/rotate", """{"algorithm":"AES-256"}"""))
            .ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");
        App.Time.Pass(_day);
        (await free.PostOnceAsync("second", "/kms/keys/rotate", """{"algorithm":"AES-256"}""")).ShouldBe(HttpStatusCode.Created);
    }

    /// <summary>Q-30: a version that follows one of a clock that was wrong counts by its time, not by its id.</summary>
    [Fact]
    public async Task A_clock_that_ran_ahead_does_not_keep_later_versions_in_the_window()
    {
        App.Settings["Qkms:Plans:free:GenerationsPerDay"] = "2";
        using HttpClient free = await TenantAsync();
        App.Time.ShiftWallClock(TimeSpan.FromDays(400));
        await free.GenerateAsync(Aes);
        App.Time.ShiftWallClock(-TimeSpan.FromDays(400));
        await free.RotateAsync(Aes);
        (await TryRotateAsync(free)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001");

        App.Time.Pass(_day);

        await free.RotateAsync(Aes);
    }

    /// <summary>Q-30, A-13: a rotation whose time has come and that finds no room fails once, and says why.</summary>
    [Fact]
    public async Task A_scheduled_rotation_over_the_limit_fails_once()
    {
        App.Settings["Qkms:Plans:free:VersionsPerKey"] = "1";
        App.Settings["Qkms:Plans:starter:GenerationsPerDay"] = "2";
        using HttpClient free = await TenantAsync();
        using HttpClient starter = await TenantAsync("starter");
        await free.GenerateAsync(Aes, new { kid = "one" });
        await starter.GenerateAsync(Aes, new { kid = "one" });

        // A period orders what a caller could not.
        await UpdateAsync(free, "one", """{"rotation_period":1}""");
        await starter.ScheduleAsync("one", App.InHours(25));
        App.Time.Pass(TimeSpan.FromHours(24.5));
        await starter.GenerateAsync(Aes, new { name = "b" });
        await starter.GenerateAsync(Aes, new { name = "c" });
        for (int i = 0; i < 3; i++)
            (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(0);

        await FailedAsync(free, "1 version of");
        await FailedAsync(starter, "2 generated key versions");

        static async Task FailedAsync(HttpClient client, string why)
        {
            JsonArray jobs = (await client.GetJsonAsync("/kms/rotation-jobs?kid=one")).Data["jobs"]!.AsArray();
            jobs.Should().ContainSingle();
            ((string?)jobs[0]!["state"]).Should().Be("FAILED");
            ((string?)jobs[0]!["error_code"]).Should().Be("ERR_FORBIDDEN_001");
            ((int?)jobs[0]!["attempts"]).Should().Be(1);
            ((string?)jobs[0]!["reason"]).Should().Contain(why);
            (await client.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("active");
        }
    }

    /// <summary>Q-30, A-30: so does one that a soft limit has started.</summary>
    [Fact]
    public async Task A_rotation_by_a_soft_limit_over_the_limit_fails_once()
    {
        App.Settings["Qkms:Plans:free:GenerationsPerDay"] = "1";
        using HttpClient free = await TenantAsync();
        await free.GenerateAsync(Aes, new { kid = "one", soft_usage_limit = 1, max_usage_limit = 100, auto_rotate = true });

        for (int i = 0; i < 3; i++)
        {
            await free.MustUseAsync("/crypto/encrypt", new { plaintext = "AAAA", kid = "one" });
            (await App.RotateDueAsync(TimeSpan.FromMinutes(5))).Should().Be(0);
        }

        Answer jobs = await free.GetJsonAsync("/kms/rotation-jobs?kid=one");
        jobs.Data["jobs"]!.AsArray().Should().ContainSingle();
        ((string?)jobs.Data["jobs"]![0]!["error_code"]).Should().Be("ERR_FORBIDDEN_001");
    }

    /// <summary>Q-30, D-05: keys of devices have limits of their own: they take no place, and need none.</summary>
    [Fact]
    public async Task Keys_of_devices_are_not_counted()
    {
        App.Settings["Qkms:Plans:free:GenerationsPerDay"] = "1";
        App.Settings["Qkms:Plans:free:VersionsPerKey"] = "1";
        using HttpClient free = await TenantAsync();
        (await free.RegisterAsync(algorithm: "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);
        await free.GenerateAsync(Aes);

        (await free.RotateDeviceAsync()).ShouldBe(HttpStatusCode.Created);
        (await free.RegisterAsync("tablet", "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);
    }

    /// <summary>Q-30: both are settings, and 0 is no limit.</summary>
    [Fact]
    public async Task How_many_a_plan_allows_is_a_setting()
    {
        App.Settings["Qkms:Plans:free:VersionsPerKey"] = "0";
        App.Settings["Qkms:Plans:free:GenerationsPerDay"] = "0";
        App.Settings["Qkms:Plans:starter:VersionsPerKey"] = "1";
        App.Settings["Qkms:Plans:enterprise:GenerationsPerDay"] = "1";
        using HttpClient free = await TenantAsync();
        using HttpClient starter = await TenantAsync("starter");
        await free.GenerateAsync(Aes);
        for (int i = 0; i < 25; i++)
            await free.RotateAsync(Aes);

        await starter.GenerateAsync(Aes);
        (await TryRotateAsync(starter)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001")
            .Message.Should().Contain("1 version of a key that is not destroyed");
        await Client.GenerateAsync(Aes);
        (await TryRotateAsync(Client)).ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001")
            .Message.Should().Contain("1 generated key version in");
    }

    private static Task<Answer> TryRotateAsync(HttpClient client) => client.UseAsync("/kms/keys/rotate", new { algorithm = Aes });

    private static async Task UpdateAsync(HttpClient client, string kid, string patch) =>
        (await client.SendJsonAsync(HttpMethod.Patch, $"/kms/keys/{kid}", patch)).ShouldBe(HttpStatusCode.OK);

    private async Task<HttpClient> TenantAsync(string plan = PlanOptions.Free) =>
        App.ClientFor(await App.CreateTenantAsync($"of {plan}", plan: plan));
}
