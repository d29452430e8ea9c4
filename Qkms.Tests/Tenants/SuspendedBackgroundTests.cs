using Qkms.Core.Devices;
using Qkms.Tests.Aws;
using Qkms.Tests.Devices;
using Qkms.Tests.Rotations;

namespace Qkms.Tests.Tenants;

/// <summary>14.1: what is done in the background waits while a tenant is suspended, and goes on when it is resumed.</summary>
public sealed class SuspendedBackgroundTests : ServiceTests
{
    private static readonly TimeSpan _day = TimeSpan.FromDays(1);

    private Func<Task>? _beforeWrite;

    /// <summary>14.1, A-13: rotation jobs wait; those of others do not.</summary>
    [Fact]
    public async Task Rotation_jobs_wait()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        await theirs.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        await Client.GenerateAsync(KeyUseVerbs.Aes, new { kid = "other" });
        string job = (await theirs.ScheduleAsync("one", App.InHours(1))).Text("id");
        await Client.ScheduleAsync("other", App.InHours(1));
        await Client.ActOnTenantAsync(id, "suspend");

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(1);
        (await App.RotateDueAsync(_day)).Should().Be(0);

        await Client.ActOnTenantAsync(id, "resume");
        Answer waiting = await theirs.GetJsonAsync($"/kms/rotation-jobs/{job}");
        (waiting.Text("state"), waiting.Number("attempts")).Should().Be(("SCHEDULED", 0));
        (await App.RotateDueAsync(TimeSpan.Zero)).Should().Be(1);
        (await theirs.GetJsonAsync($"/kms/rotation-jobs/{job}")).Text("state").Should().Be("SUCCEEDED");
    }

    /// <summary>14.1, A-30: however many periods went by, and soft expirations with them, each key is rotated once.</summary>
    [Fact]
    public async Task Periods_that_went_by_are_one_rotation()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        for (int i = 0; i < 5; i++)
            await theirs.GenerateAsync(KeyUseVerbs.Aes, new { kid = $"k{i}", name = $"n{i}", rotation_period = 10 });

        string soon = App.InHours(24);
        await theirs.GenerateAsync(KeyUseVerbs.Aes, new { kid = "soft", name = "soft", soft_limit_expiration = soon, auto_rotate = true });
        await Client.ActOnTenantAsync(id, "suspend");

        for (int period = 0; period < 4; period++)
            (await App.RotateDueAsync(10 * _day)).Should().Be(0);

        using (Database database = App.OpenDatabase())
            database.Scalar("SELECT COUNT(*) FROM rotation_jobs").Should().Be(0L);

        await Client.ActOnTenantAsync(id, "resume");
        (await App.RotateDueAsync(TimeSpan.Zero)).Should().Be(6);
        (await App.RotateDueAsync(TimeSpan.Zero)).Should().Be(0);
        (await theirs.GetJsonAsync("/kms/keys")).Number("total").Should().Be(12);
    }

    /// <summary>14.1: a rotation that was under way makes no version, and its job waits as if it had not begun.</summary>
    [Fact]
    public async Task A_rotation_in_the_middle_waits()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        await theirs.GenerateAsync(KeyUseVerbs.Aes, new { kid = "one" });
        string job = (await theirs.ScheduleAsync("one", App.InHours(1))).Text("id");
        int writes = 0;

        // Before the write of the new version, which is the first one that is made or not.
        _beforeWrite = async () =>
        {
            if (Interlocked.Increment(ref writes) == 1)
                (await Client.ActOnTenantAsync(id, "suspend")).ShouldBe(HttpStatusCode.OK);
        };

        (await App.RotateDueAsync(TimeSpan.FromHours(1))).Should().Be(0);
        (await App.RotateDueAsync(_day)).Should().Be(0);

        _beforeWrite = null;
        await Client.ActOnTenantAsync(id, "resume");
        Answer waiting = await theirs.GetJsonAsync($"/kms/rotation-jobs/{job}");
        (waiting.Text("state"), waiting.Number("attempts")).Should().Be(("SCHEDULED", 0));
        waiting.Data["error_code"].Should().BeNull();
        (await theirs.GetJsonAsync("/kms/keys")).Number("total").Should().Be(1);
        (await App.RotateDueAsync(TimeSpan.Zero)).Should().Be(1);
    }

    /// <summary>14.1, Q-30: what waits for its destruction waits on, so that it can still be called off.</summary>
    [Fact]
    public async Task Destructions_wait()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        string kid = (await theirs.GenerateRetiredAsync()).Text("kid");
        (await theirs.DestroyAsync(kid)).ShouldBe(HttpStatusCode.Accepted);
        await Client.ActOnTenantAsync(id, "suspend");

        (await App.SweepAfterAsync(40 * _day)).Should().Be(0);

        await Client.ActOnTenantAsync(id, "resume");
        (await theirs.PostJsonAsync($"/kms/keys/{kid}/actions/cancel-deletion", null)).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>14.1, E-14: so do keys that are to be deleted as a whole.</summary>
    [Fact]
    public async Task Deletions_of_whole_keys_wait()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        AwsSigner signer = await theirs.CreateAccessKeyAsync();
        string key = (await theirs.GenerateAsync(KeyUseVerbs.Aes)).Text("key_id");
        (await theirs.CallAsync(signer, "ScheduleKeyDeletion", new { KeyId = key, PendingWindowInDays = 7 })).ShouldBe(HttpStatusCode.OK);
        await Client.ActOnTenantAsync(id, "suspend");

        (await App.DeleteKeysAfterAsync(40 * _day)).Should().Be(0);

        await Client.ActOnTenantAsync(id, "resume");
        (await theirs.CallAsync(signer, "CancelKeyDeletion", new { KeyId = key }, at: App.Time.GetUtcNow())).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>14.1, D-13: so do keys of devices whose retention ends.</summary>
    [Fact]
    public async Task Keys_of_devices_wait()
    {
        (string id, HttpClient theirs) = await MakeAsync();
        Answer old = await theirs.RegisterAsync();
        await theirs.RotateDeviceAsync();
        await SweepDevicesAfterAsync(TimeSpan.Zero);
        await Client.ActOnTenantAsync(id, "suspend");

        // It is not believed that a time has passed that nobody saw begin.
        (await SweepDevicesAfterAsync(89 * _day)).Should().Be(0);
        (await SweepDevicesAfterAsync(2 * _day)).Should().Be(0);

        await Client.ActOnTenantAsync(id, "resume");
        (await theirs.ValidityAsync(old.Text("kid"))).Text("reason").Should().NotBe("destroyed");
        (await SweepDevicesAfterAsync(TimeSpan.Zero)).Should().Be(1);
    }

    private protected override QkmsApplication NewApplication() => new()
    {
        KeepsHouse = false,
        StoreInFront = store => new StoreWithGap<bool>(store, () => _beforeWrite?.Invoke() ?? Task.CompletedTask),
    };

    private async Task<(string Id, HttpClient Client)> MakeAsync()
    {
        Answer made = (await Client.CreateTenantAsync("theirs")).ShouldBe(HttpStatusCode.Created);
        return (made.Text("tenant_id"), App.ClientFor(made.InitialApiKey()));
    }

    private async Task<int> SweepDevicesAfterAsync(TimeSpan time)
    {
        App.Time.Pass(time);
        return await App.Services.GetRequiredService<DeviceSweep>().RunAsync(CancellationToken.None);
    }
}
