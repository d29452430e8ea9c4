using Qkms.Core.Rotations;
using Qkms.Storage.Rotations;

namespace Qkms.Tests.Rotations;

/// <summary>Rotations that the service orders by itself: after a period, at a soft limit.</summary>
public sealed class OwnRotationTests : ServiceTests
{
    /// <summary>A-30: `rotation_period` rotates every N days, keys of every family.</summary>
    [Theory]
    [InlineData("AES-256")]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-DSA-65")]
    [InlineData("RSA-2048")]
    [InlineData("Ed25519")]
    public async Task A_key_rotates_each_time_its_period_has_gone_by(string algorithm)
    {
        await Client.GenerateAsync(algorithm, new { kid = "one", rotation_period = 30 });

        (await App.RotateDueAsync(TimeSpan.FromDays(29.9))).Should().Be(0);
        (await App.RotateDueAsync(TimeSpan.FromDays(0.2))).Should().Be(1);
        (await App.RotateDueAsync(TimeSpan.FromDays(29))).Should().Be(0);
        (await App.RotateDueAsync(TimeSpan.FromDays(1.5))).Should().Be(1);

        Answer list = await Client.GetJsonAsync("/kms/keys");
        list.Number("total").Should().Be(3);
        Answer job = await Client.GetJsonAsync("/kms/rotation-jobs?kid=one");
        ((string?)job.Data["jobs"]![0]!["cause"]).Should().Be("period");
        ((string?)job.Data["jobs"]![0]!["state"]).Should().Be("SUCCEEDED");
        (await Client.ActiveAsync(algorithm)).Number("rotation_period").Should().Be(30);
        App.EventsOf("one").Should().Contain(line => line.StartsWith("rotation.scheduled - SCHEDULED", StringComparison.Ordinal));
    }

    /// <summary>A-30: a rotation by hand begins the period anew, and a service that stood still for several makes one version.</summary>
    [Fact]
    public async Task A_period_is_counted_from_the_last_rotation()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one", rotation_period = 10 });
        await App.LeaveDueWorkAsync();
        App.Time.Pass(TimeSpan.FromDays(6));
        await Client.RotateVersionAsync("one");

        (await App.RotateDueAsync(TimeSpan.FromDays(6))).Should().Be(0);
        (await App.RotateDueAsync(TimeSpan.FromDays(50))).Should().Be(1);
        (await App.RotateDueAsync(TimeSpan.FromDays(1))).Should().Be(0);
        (await Client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(3);
    }

    /// <summary>A-30: a key without an active version is not rotated, and goes on when it has one again.</summary>
    [Fact]
    public async Task A_key_without_an_active_version_waits()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one", rotation_period = 10 });
        await Client.RevokeAsync("one");

        (await App.RotateDueAsync(TimeSpan.FromDays(11))).Should().Be(0);
        (await Client.GetJsonAsync("/kms/rotation-jobs")).Data["jobs"]!.AsArray().Should().BeEmpty();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "two" });
        (await App.RotateDueAsync(TimeSpan.FromDays(9))).Should().Be(0);
        (await App.RotateDueAsync(TimeSpan.FromDays(2))).Should().Be(1);
    }

    /// <summary>A-30: a clock that jumps by years and back makes one version at most, however often it does.</summary>
    [Fact]
    public async Task A_clock_that_jumps_makes_no_storm_of_versions()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one", rotation_period = 1 });
        int rotated = 0;
        for (int jump = 0; jump < 10; jump++)
        {
            App.Time.ShiftWallClock(TimeSpan.FromHours(jump % 2 == 0 ? 24 : -24));
            for (int look = 0; look < 12; look++)
                rotated += await App.RotateDueAsync(TimeSpan.FromMinutes(1));
        }

        rotated.Should().Be(1);
    }

    /// <summary>A-30: the soft expiration rotates a version with `auto_rotate`, once, and leaves one without alone.</summary>
    [Fact]
    public async Task A_soft_expiration_rotates()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one", auto_rotate = true, soft_limit_expiration = App.InHours(10) });
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "other", name = "other", soft_limit_expiration = App.InHours(10) });

        (await App.RotateDueAsync(TimeSpan.FromHours(9))).Should().Be(0);
        (await App.RotateDueAsync(TimeSpan.FromHours(2))).Should().Be(1);
        (await App.RotateDueAsync(TimeSpan.FromHours(2))).Should().Be(0);

        Answer job = await Client.GetJsonAsync("/kms/rotation-jobs?kid=one");
        ((string?)job.Data["jobs"]![0]!["cause"]).Should().Be("expiration");
        (await Client.GetJsonAsync("/kms/keys/other")).Text("status").Should().Be("active");

        // Mirrored from its own creation: ten hours later it is its successor's turn.
        (await App.RotateDueAsync(TimeSpan.FromHours(9))).Should().Be(1);
    }

    /// <summary>A-30: at most one job of the service waits for a version, however many units order it; one that failed stays so.</summary>
    [Fact]
    public async Task A_soft_limit_orders_one_rotation()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        await Client.ScheduleAsync("one", App.InHours(100));
        bool[] ordered = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => OrderAsync("one"))));

        ordered.Count(isNew => isNew).Should().Be(1);
        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);
        (await OrderAsync("one")).Should().BeFalse("it had its rotation");
        Answer jobs = await Client.GetJsonAsync("/kms/rotation-jobs?kid=one");
        jobs.Data["jobs"]!.AsArray().Select(job => $"{job!["cause"]} {job["state"]}")
            .Should().Equal("usage_limit SUCCEEDED", "request CANCELLED");
    }

    /// <summary>
    /// A-30: a version that is rotated by hand while its soft expiration orders a rotation has no job that nobody can do.
    /// </summary>
    [Fact]
    public async Task A_rotation_by_hand_beside_one_by_a_soft_limit_leaves_no_job_to_fail()
    {
        Action? meanwhile = null;
        await using QkmsApplication app = new()
        {
            FurtherServices = services => services.AddSingleton(
                RepositoryWithGap.Of<IRotationJobRepository>(new RotationJobRepository(), "InsertAsync", () => meanwhile?.Invoke())),
        };
        using HttpClient client = app.Client();
        await client.GenerateAsync(
            KeyUseVerbs.Aes, new { kid = "one", auto_rotate = true, soft_limit_expiration = app.Time.GetUtcNow().AddHours(1) });
        Task<Answer>? byHand = null;

        // Where nothing holds the key it is done within that second, and the job comes after it.
        meanwhile = () =>
        {
            byHand ??= Task.Run(() => client.RotateVersionAsync("one", "{}"));
            byHand.Wait(TimeSpan.FromSeconds(1));
        };
        await app.RotateDueAsync(TimeSpan.FromHours(1));

        (await byHand!).Status.Should().BeOneOf(HttpStatusCode.OK, HttpStatusCode.Conflict);
        (await client.GetJsonAsync("/kms/rotation-jobs")).Data["jobs"]!.AsArray().Select(job => (string)job!["state"]!)
            .Should().ContainSingle().Which.Should().BeOneOf("CANCELLED", "SUCCEEDED");
        (await client.GetJsonAsync("/kms/keys")).Number("total").Should().Be(2);
    }

    /// <summary>A-20: limits are mirrored to the successor unless overridden; null removes one.</summary>
    [Fact]
    public async Task Limits_are_mirrored_unless_the_order_says_otherwise()
    {
        await Client.GenerateAsync(
            KeyUseVerbs.Aes, new { kid = "one", soft_usage_limit = 90, max_usage_limit = 100, expires_at = App.InHours(48) });

        Answer second = (await Client.RotateVersionAsync("one", """{"new_key":{"kid":"two"}}""")).ShouldBe(HttpStatusCode.OK);
        second.Number("soft_usage_limit").Should().Be(90);
        second.Number("max_usage_limit").Should().Be(100);
        TimeSpan span = DateTimeOffset.Parse(second.Text("expires_at"), null) - DateTimeOffset.Parse(second.Text("created_at"), null);
        span.Should().BeCloseTo(TimeSpan.FromHours(48), TimeSpan.FromMinutes(1));

        Answer third = (await Client.RotateVersionAsync(
            "two", """{"new_key":{"kid":"three","max_usage_limit":200,"soft_usage_limit":null,"expires_at":null}}"""))
            .ShouldBe(HttpStatusCode.OK);
        third.Number("max_usage_limit").Should().Be(200);
        third.Data["soft_usage_limit"].Should().BeNull();
        third.Data["expires_at"].Should().BeNull();
    }

    /// <summary>A-20: a job keeps what its order says of the limits, and they are judged for the time at which it is due.</summary>
    [Fact]
    public async Task A_job_keeps_the_limits_of_its_order()
    {
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one", soft_usage_limit = 5, max_usage_limit = 10 });
        string newKey = $$"""
            {"kid":"two","max_usage_limit":20,"soft_usage_limit":null,"expires_at":"{{App.InHours(5)}}","auto_rotate":true,
            "rotation_period":7}
            """;
        (await Client.RotateVersionAsync("one", $$"""{"scheduled_at":"{{App.InHours(6)}}","new_key":{{newKey}}}"""))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001").Blamed.Should().Equal("new_key.expires_at");
        await Client.ScheduleAsync("one", App.InHours(4), newKey);

        (await App.RotateDueAsync(TimeSpan.FromHours(4.5))).Should().Be(1);

        Answer made = await Client.GetJsonAsync("/kms/keys/two");
        made.Number("max_usage_limit").Should().Be(20);
        made.Data["soft_usage_limit"].Should().BeNull();
        made.Data["expires_at"].Should().NotBeNull();
        ((bool?)made.Data["auto_rotate"]).Should().BeTrue();
        made.Number("rotation_period").Should().Be(7);
    }

    /// <summary>A-20: limits of a successor that are none are refused with their field, and nothing is rotated.</summary>
    [Theory]
    [InlineData("""{"max_usage_limit":-1}""", "new_key.max_usage_limit")]
    [InlineData("""{"soft_usage_limit":11,"max_usage_limit":10}""", "new_key.soft_usage_limit")]
    [InlineData("""{"expires_at":"2020-01-01T00:00:00Z"}""", "new_key.expires_at")]
    [InlineData("""{"rotation_period":0}""", "new_key.rotation_period")]
    public async Task Limits_that_are_none_are_refused(string newKey, string field)
    {
        await ShareServiceAsync();
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });

        (await Client.RotateVersionAsync("one", $$"""{"new_key":{{newKey}}}"""))
            .ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_INVALID_001").Blamed.Should().Equal(field);

        (await Client.GetJsonAsync("/kms/keys/one")).Text("status").Should().Be("active");
    }

    private async Task<bool> OrderAsync(string kid)
    {
        RotationOrders orders = App.Services.GetRequiredService<RotationOrders>();
        KeyVersion version = (await App.FindVersionAsync(kid)).Version;
        return await App.Store().WriteAsync(
            session => orders.OrderAsync(session, version, RotationCause.UsageLimit, App.Time.GetUtcNow()), CancellationToken.None);
    }
}
