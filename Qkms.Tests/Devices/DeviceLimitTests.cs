using System.Globalization;
using Qkms.Core.Devices;
using Qkms.Core.Tenants;

namespace Qkms.Tests.Devices;

/// <summary>How many keys a device gets.</summary>
public sealed class DeviceLimitTests : ServiceTests
{
    private static readonly TimeSpan _day = TimeSpan.FromHours(24);

    /// <summary>D-05: five keys in any 24 hours, rotations included and reuse not; the sixth is told when it may come.</summary>
    [Fact]
    public async Task A_sixth_key_in_24_hours_is_refused()
    {
        string first = (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.Created).Text("kid");
        for (int i = 0; i < 4; i++)
        {
            (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.OK);
            (await Client.RotateDeviceAsync()).ShouldBe(HttpStatusCode.Created);
        }

        Answer refused = (await Client.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_002");

        int seconds = int.Parse(refused.Headers["Retry-After"], NumberStyles.None, CultureInfo.InvariantCulture);
        seconds.Should().BeInRange((int)_day.TotalSeconds - 60, (int)_day.TotalSeconds);

        // What it has goes on; so does every other device.
        (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.OK).Text("kid").Should().NotBe(first);
        (await Client.RegisterAsync(algorithm: "ML-KEM-768")).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_002");
        (await Client.RegisterAsync("tablet")).ShouldBe(HttpStatusCode.Created);

        // Who waits as long as he is told gets one, and no earlier.
        App.Time.Pass(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMinutes(2));
        (await Client.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_002");
        App.Time.Pass(TimeSpan.FromMinutes(2));
        (await Client.RotateDeviceAsync()).ShouldBe(HttpStatusCode.Created);
    }

    /// <summary>D-05: the window rolls: it has no edge at which ten could fall into 24 hours.</summary>
    [Fact]
    public async Task The_window_rolls()
    {
        await Client.RegisterAsync();
        for (int i = 0; i < 4; i++)
        {
            App.Time.Pass(TimeSpan.FromHours(5));
            (await Client.RotateDeviceAsync()).ShouldBe(HttpStatusCode.Created);
        }

        // At 20 hours five are counted; at 24 the first one leaves the window, and one more is made; the next leaves at 29.
        (await Client.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_002");
        App.Time.Pass(TimeSpan.FromHours(4));
        (await Client.RotateDeviceAsync()).ShouldBe(HttpStatusCode.Created);
        Answer refused = (await Client.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_002");
        int.Parse(refused.Headers["Retry-After"], CultureInfo.InvariantCulture).Should().BeInRange(5 * 3600 - 60, 5 * 3600);
    }

    /// <summary>D-05: to the millisecond; the end of the window is out of it.</summary>
    [Fact]
    public void A_generation_counts_for_24_hours_less_a_millisecond()
    {
        DateTimeOffset at = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        TimeSpan tick = TimeSpan.FromMilliseconds(1);
        DeviceId.TryParse("d", out DeviceId id).Should().BeTrue();
        Device device = Device.New(new TenantId(new IdGenerator(TimeProvider.System).Next()), id, at).With(at + tick).With(at + tick);

        device.WaitFor(3, at + _day - tick).Should().Be(tick);
        device.WaitFor(3, at + _day).Should().BeNull();
        device.WaitFor(2, at + _day).Should().Be(tick);
        device.WaitFor(4, at + tick).Should().BeNull();
        device.With(at + _day).Generations.Split(',').Should().HaveCount(3, "the first one is out of the window");
    }

    /// <summary>D-05: a clock that is set back makes the day no longer and gives nobody a sixth key.</summary>
    [Fact]
    public async Task A_clock_that_is_set_back_gives_no_further_key()
    {
        await Client.RegisterAsync();
        App.Time.ShiftWallClock(-TimeSpan.FromHours(23));
        for (int i = 0; i < 4; i++)
            (await Client.RotateDeviceAsync()).ShouldBe(HttpStatusCode.Created);

        (await Client.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_002");

        // The clock is right again.
        App.Time.ShiftWallClock(TimeSpan.FromHours(23));
        (await Client.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_002");
        App.Time.Pass(_day);
        (await Client.RotateDeviceAsync()).ShouldBe(HttpStatusCode.Created);
    }

    /// <summary>D-04, D-05: 50 registrations of one device at once make one key, which all of them get.</summary>
    [Fact]
    public async Task Fifty_registrations_at_once_make_one_key()
    {
        Client.Should().NotBeNull();

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => Client.RegisterAsync())));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(1);
        answers.Count(answer => answer.Status == HttpStatusCode.OK).Should().Be(49);
        answers.Select(answer => answer.Text("kid")).Distinct().Should().ContainSingle();
        VersionsOf("phone").Should().Be(1);
    }

    /// <summary>D-05: 50 rotations of one device at once make four keys beside the first, and no fifth.</summary>
    [Fact]
    public async Task Fifty_rotations_at_once_make_as_many_keys_as_are_left()
    {
        await Client.RegisterAsync();

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => Client.RotateDeviceAsync())));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(4);
        foreach (Answer refused in answers.Where(answer => answer.Status != HttpStatusCode.Created))
            refused.ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_002");

        VersionsOf("phone").Should().Be(5);
    }

    /// <summary>D-04: a registration that found the valid key gets the same answer when it is repeated after a rotation.</summary>
    [Fact]
    public async Task A_repeated_registration_that_found_a_key_is_answered_the_same()
    {
        string kid = (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.Created).Text("kid");
        (await Client.PostOnceAsync("found", "/devices/phone/keys", null)).ShouldBe(HttpStatusCode.OK).Text("kid").Should().Be(kid);
        (await Client.RotateDeviceAsync()).ShouldBe(HttpStatusCode.Created);

        Answer again = (await Client.PostOnceAsync("found", "/devices/phone/keys", null)).ShouldBe(HttpStatusCode.OK);

        again.Text("kid").Should().Be(kid);
        again.Headers.Should().ContainKey("Idempotency-Replayed");
    }

    /// <summary>D-05: an order that is repeated with its Idempotency-Key makes one key.</summary>
    [Fact]
    public async Task A_repeated_rotation_makes_one_key()
    {
        await Client.RegisterAsync();

        Answer first = (await Client.PostOnceAsync("again", "/devices/phone/keys/rotate", "{}")).ShouldBe(HttpStatusCode.Created);
        Answer second = (await Client.PostOnceAsync("again", "/devices/phone/keys/rotate", "{}")).ShouldBe(HttpStatusCode.Created);

        second.Text("kid").Should().Be(first.Text("kid"));
        second.Headers.Should().ContainKey("Idempotency-Replayed");
        VersionsOf("phone").Should().Be(2);
        Answer made = (await Client.PostOnceAsync("new", "/devices/tablet/keys", null)).ShouldBe(HttpStatusCode.Created);
        (await Client.PostOnceAsync("new", "/devices/tablet/keys", null)).ShouldBe(HttpStatusCode.Created).Text("kid")
            .Should().Be(made.Text("kid"));
        (await Client.PostOnceAsync("new", "/devices/other/keys", null)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_012");
    }

    /// <summary>D-05: an old row of the device that somebody puts back does not make the service forget what it generated.</summary>
    [Fact]
    public async Task An_old_row_of_a_device_that_is_put_back_is_noticed()
    {
        await Client.RegisterAsync();
        Integrity.OldRow old = Integrity.OldRow.Of(App, "devices", "device_id = 'phone'");
        App.Time.Pass(TimeSpan.FromSeconds(1));
        await Client.RotateDeviceAsync();
        old.PutBack();

        (await Client.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");

        VersionsOf("phone").Should().Be(2);
        App.Log.Lines.Should().Contain(line => line.Contains("device phone of tenant", StringComparison.Ordinal));
    }

    /// <summary>D-01: the plan of the tenant limits its devices, exactly under parallel calls; those that are there go on.</summary>
    [Fact]
    public async Task A_plan_limits_the_devices_of_a_tenant()
    {
        App.Settings["Qkms:Plans:enterprise:MaxDevices"] = "3";
        (await Client.RegisterAsync("first", "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 32)
            .Select(i => Task.Run(() => Client.RegisterAsync($"device-{i}", "ML-KEM-768"))));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).Should().Be(2);
        foreach (Answer refused in answers.Where(answer => answer.Status != HttpStatusCode.Created))
            refused.ShouldBeRefused(HttpStatusCode.Forbidden, "ERR_FORBIDDEN_001").Message.Should().Contain("3 devices");

        (await Client.RotateDeviceAsync("first")).ShouldBe(HttpStatusCode.Created);
        using HttpClient others = App.ClientFor(await App.CreateTenantAsync("others"));
        (await others.RegisterAsync("theirs", "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);
    }

    /// <summary>D-01: whoever takes the count of a tenant's devices away does not have it begin anew.</summary>
    [Theory]
    [InlineData("DELETE FROM device_counts")]
    [InlineData("DELETE FROM device_counts", "DELETE FROM devices")]
    public async Task A_count_that_is_taken_away_is_noticed(params string[] statements)
    {
        App.Settings["Qkms:Plans:enterprise:MaxDevices"] = "1";
        string kid = (await Client.RegisterAsync("first", "ML-KEM-768")).ShouldBe(HttpStatusCode.Created).Text("kid");
        using (Database database = App.OpenDatabase())
        {
            foreach (string statement in statements)
                database.Execute(statement).Should().Be(1);
        }

        (await Client.RegisterAsync("second", "ML-KEM-768")).ShouldBeRefused(HttpStatusCode.InternalServerError, "ERR_INTERNAL_001");

        App.Log.Lines.Should().Contain(line => line.Contains("number of devices", StringComparison.Ordinal));
        (await Client.ValidityAsync(kid, "first")).ShouldBe(HttpStatusCode.OK);
        using HttpClient others = App.ClientFor(await App.CreateTenantAsync("others"));
        (await others.RegisterAsync("theirs", "ML-KEM-768")).ShouldBe(HttpStatusCode.Created);
    }

    /// <summary>D-01, D-09: each plan has its limit; one that this build does not know is limited like the smallest.</summary>
    [Fact]
    public void Every_plan_has_its_limit()
    {
        PlanOptions options = new();
        string[] plans = ["free", "starter", "growth", "pro", "enterprise", "unknown"];

        plans.Select(plan => options.Of(plan).MaxDevices).Should().Equal(10, 100, 1_000, 10_000, 0, 10);
    }

    private long VersionsOf(string device)
    {
        using Database database = App.OpenDatabase();
        return (long)database.Scalar($"SELECT COUNT(*) FROM key_versions WHERE owner_kind = 'device' AND owner_id = '{device}'")!;
    }
}
