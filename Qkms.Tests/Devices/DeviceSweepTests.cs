using Qkms.Core.Devices;

namespace Qkms.Tests.Devices;

/// <summary>Keys of devices are destroyed in the background when nothing is decrypted with them any more.</summary>
public sealed class DeviceSweepTests : ServiceTests
{
    private static readonly TimeSpan _day = TimeSpan.FromDays(1);

    /// <summary>D-13: a retired key is destroyed when its retention ends, and not before; its private key is gone.</summary>
    [Fact]
    public async Task A_retired_key_is_destroyed_when_its_retention_ends()
    {
        Answer old = await Client.RegisterAsync();
        string kid = old.Text("kid");
        await Client.RotateDeviceAsync();
        byte[] ciphertext = old.Encrypt("x");

        (await SweepAfterAsync(89 * _day)).Should().Be(0);
        (await Client.DecryptFromDeviceAsync(kid, ciphertext)).ShouldBe(HttpStatusCode.OK);

        (await SweepAfterAsync(2 * _day)).Should().Be(1);

        (await Client.ValidityAsync(kid)).Text("reason").Should().Be("destroyed");
        (await Client.DecryptFromDeviceAsync(kid, ciphertext)).ShouldBeRefused(HttpStatusCode.Conflict, "ERR_KMS_010");
        using (Database database = App.OpenDatabase())
        {
            byte[] wrapped = (byte[])database.Scalar(
                $"SELECT wrapped FROM key_material WHERE version_id = (SELECT id FROM key_versions WHERE kid = '{kid}')")!;
            wrapped.Should().OnlyContain(part => part == 0);
        }

        JsonNode told = (await Client.GetJsonAsync($"/audit/events?action=key.destroyed&kid={kid}")).Data["events"]![0]!;
        ((string?)told["reason"]).Should().Be("device phone: its retention has ended");
        (await SweepAfterAsync(TimeSpan.Zero)).Should().Be(0);
    }

    /// <summary>D-13, D-10: one that expired and was never replaced is kept as long: the next key would bring it back.</summary>
    [Fact]
    public async Task A_key_that_expired_is_kept_as_long()
    {
        string kid = (await Client.RegisterAsync()).Text("kid");

        (await SweepAfterAsync(119 * _day)).Should().Be(0);
        (await Client.ValidityAsync(kid)).Text("reason").Should().Be("expired");

        (await SweepAfterAsync(2 * _day)).Should().Be(1);
        (await Client.ValidityAsync(kid)).Text("reason").Should().Be("destroyed");
    }

    /// <summary>D-13, D-01: with its last key the device goes, and counts no more; it can be registered again.</summary>
    [Fact]
    public async Task A_device_goes_with_its_last_key()
    {
        await Client.RegisterAsync();
        await Client.RegisterAsync(algorithm: "ML-KEM-768");
        await Client.RegisterAsync("tablet", "ML-KEM-768");
        Devices().Should().Be((2, 2));
        await App.LeaveDueWorkAsync();
        App.Time.Pass(_day);
        await Client.RotateDeviceAsync("tablet");

        (await SweepAfterAsync(120 * _day)).Should().Be(3, "both of the phone, and the first of the tablet");
        Devices().Should().Be((1, 1));

        (await SweepAfterAsync(2 * _day)).Should().Be(1);
        Devices().Should().Be((0, 0));

        Answer again = (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.Created);
        (await Client.DecryptFromDeviceAsync(again.Text("kid"), again.Encrypt("x"))).Plaintext().Should().Be("x");
        Devices().Should().Be((1, 1));
        await VerifyAsync();
    }

    /// <summary>D-13: a revoked key is destroyed too, and a key that a jump of the clock alone made old is not.</summary>
    [Fact]
    public async Task A_clock_that_jumps_ahead_destroys_nothing()
    {
        string revoked = (await Client.RegisterAsync(algorithm: "ML-KEM-768")).Text("kid");
        await Client.RevokeDeviceKeyAsync(revoked);
        DeviceSweep sweep = App.Services.GetRequiredService<DeviceSweep>();
        await App.LeaveDueWorkAsync();
        await sweep.RunAsync(CancellationToken.None);

        App.Time.ShiftWallClock(200 * _day);
        (await sweep.RunAsync(CancellationToken.None)).Should().Be(0);
        App.Time.Pass(TimeSpan.FromHours(2));
        (await sweep.RunAsync(CancellationToken.None)).Should().Be(0, "the service was not seen running for 90 days");

        (await SweepAfterAsync(121 * _day)).Should().Be(1);
        (await Client.ValidityAsync(revoked)).Text("reason").Should().Be("destroyed");
    }

    /// <summary>D-09, D-13: retention is a setting.</summary>
    [Fact]
    public async Task The_retention_is_a_setting()
    {
        App.Settings["Qkms:Devices:Retention"] = "2.00:00:00";
        string kid = (await Client.RegisterAsync(algorithm: "ML-KEM-768")).Text("kid");
        await Client.RotateDeviceAsync();

        (await SweepAfterAsync(3.5 * _day)).Should().Be(1);
        (await Client.ValidityAsync(kid)).Text("reason").Should().Be("destroyed");
    }

    /// <summary>D-02, D-05, D-09, D-11: so are the life of a key, generations in a day, the hash, and the length of a ciphertext.</summary>
    [Fact]
    public async Task The_other_limits_are_settings()
    {
        App.Settings["Qkms:Devices:KeyLifetime"] = "01:00:00";
        App.Settings["Qkms:Devices:GenerationsPerDay"] = "2";
        App.Settings["Qkms:Devices:OaepHash"] = "SHA-1";
        App.Settings["Qkms:Devices:MaxCiphertext"] = "512";
        Answer made = await Client.RegisterAsync();
        string kid = made.Text("kid");

        made.Text("oaep_hash").Should().Be("SHA-1");
        (await Client.DecryptFromDeviceAsync(kid, made.Encrypt("old client"))).Plaintext().Should().Be("old client");
        (await Client.DecryptFromDeviceAsync(kid, new byte[513])).ShouldBeRefused(HttpStatusCode.RequestEntityTooLarge, "ERR_INVALID_002");
        App.Time.Pass(TimeSpan.FromHours(1));
        (await Client.ValidityAsync(kid)).Text("reason").Should().Be("expired");
        (await Client.RegisterAsync()).ShouldBe(HttpStatusCode.Created);
        (await Client.RotateDeviceAsync()).ShouldBeRefused(HttpStatusCode.TooManyRequests, "ERR_RATE_002");
    }

    private (long Rows, long Count) Devices()
    {
        using Database database = App.OpenDatabase();
        return ((long)database.Scalar("SELECT COUNT(*) FROM devices")!, (long)database.Scalar("SELECT devices FROM device_counts")!);
    }

    private async Task VerifyAsync()
    {
        (_, string output) = await Verification.Verify.RunAsync(App.DataDirectory);
        output.Should().NotContain("FOUND");
    }

    private async Task<int> SweepAfterAsync(TimeSpan time)
    {
        DeviceSweep sweep = App.Services.GetRequiredService<DeviceSweep>();
        await App.LeaveDueWorkAsync();
        App.Time.Pass(time);
        return await sweep.RunAsync(CancellationToken.None);
    }
}
