using Qkms.Core.Administration;
using Qkms.Core.Devices;
using Qkms.Core.Idempotency;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Hosting;

/// <summary>
/// Destroys the keys and deletes the tenants whose date has come, and deletes answers that have expired and uses that are kept no longer.
/// </summary>
internal sealed class Housekeeping(
    DestructionSweep destruction,
    KeyDeletionSweep keys,
    DeviceSweep devices,
    TenantDeletionSweep tenants,
    KeptResults results,
    UseTrimming trimming,
    DestructionOptions options,
    Entrance entrance,
    TimeProvider time,
    ILogger<Housekeeping> logger)
    : PeriodicWork("destroying keys, deleting tenants, expired answers and old uses", options.SweepInterval, entrance, time, logger)
{
    protected override IReadOnlyList<Func<CancellationToken, Task>> Tasks { get; } =
        [destruction.RunAsync, keys.RunAsync, devices.RunAsync, tenants.RunAsync, results.ForgetExpiredAsync, trimming.RunAsync];
}
