using System.Diagnostics.Metrics;
using Qkms.Core.Telemetry;

namespace Qkms.Tests.Devices;

/// <summary>Keys of devices with which many decryptions fail.</summary>
public sealed class DeviceFailureTests : ServiceTests
{
    /// <summary>
    /// D-14, D-09: over 10 % of failures in a window of at least so many decryptions show in the validity of the key, once in the log and
    /// once in the metric; no failure is a write.
    /// </summary>
    [Fact]
    public async Task A_key_with_many_failures_is_called_failing()
    {
        App.Settings["Qkms:Devices:FailureMinCalls"] = "10";
        App.Settings["Qkms:Devices:FailureWindow"] = "00:10:00";
        int told = 0;
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == KmsMeter.Name && instrument.Name == "qkms.device_keys.failing")
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref told, (int)count));
        listener.Start();
        Answer made = await Client.RegisterAsync();
        string kid = made.Text("kid");
        byte[] good = made.Encrypt("x");

        for (int i = 0; i < 9; i++)
            (await Client.DecryptFromDeviceAsync(kid, good)).ShouldBe(HttpStatusCode.OK);

        await ShouldSayAsync(false, null, "nine say nothing");
        long written = Events();
        (await Client.DecryptFromDeviceAsync(kid, new byte[256])).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_KEM_001");
        await ShouldSayAsync(false, 10, "10 % are not over 10 %");
        (await Client.DecryptFromDeviceAsync(kid, new byte[256])).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_KEM_001");
        await ShouldSayAsync(true, 18, "2 of 11 are");
        (await Client.DecryptFromDeviceAsync(kid, new byte[256])).ShouldBeRefused(HttpStatusCode.BadRequest, "ERR_KEM_001");
        Volatile.Read(ref told).Should().Be(1);
        App.Log.Lines.Count(line => line.Contains($"decryptions with key {kid}", StringComparison.Ordinal)).Should().Be(1);
        Events().Should().Be(written, "a failure is no use");

        // Another window begins.
        App.Time.Pass(TimeSpan.FromMinutes(10));
        await ShouldSayAsync(false, null, "the window is over");

        async Task ShouldSayAsync(bool failing, int? percent, string why)
        {
            JsonNode validity = (await Client.ValidityAsync(kid)).Data;
            ((bool)validity["failing"]!).Should().Be(failing, why);
            ((int?)validity["failure_percent"]).Should().Be(percent, why);
        }
    }

    /// <summary>D-14, D-09: how many may fail is a setting.</summary>
    [Fact]
    public async Task The_percentage_is_a_setting()
    {
        App.Settings["Qkms:Devices:FailureMinCalls"] = "1";
        App.Settings["Qkms:Devices:FailurePercent"] = "99";
        Answer made = await Client.RegisterAsync();
        (await Client.DecryptFromDeviceAsync(made.Text("kid"), made.Encrypt("x"))).ShouldBe(HttpStatusCode.OK);
        await Client.DecryptFromDeviceAsync(made.Text("kid"), new byte[256]);

        JsonNode validity = (await Client.ValidityAsync(made.Text("kid"))).Data;
        ((bool)validity["failing"]!).Should().BeFalse();
        ((int?)validity["failure_percent"]).Should().Be(50);
    }

    private long Events()
    {
        using Database database = App.OpenDatabase();
        return (long)database.Scalar("SELECT COUNT(*) FROM audit_events WHERE action = 'key.used'")!;
    }
}
