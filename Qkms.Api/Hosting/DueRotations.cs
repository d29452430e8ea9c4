using Qkms.Core.Lifecycle;

namespace Qkms.Api.Hosting;

/// <summary>Does the rotations whose time has come.</summary>
internal sealed class DueRotations(
    RotationScheduler scheduler, RotationOptions options, Entrance entrance, TimeProvider time, ILogger<DueRotations> logger)
    : PeriodicWork("rotating keys", options.Interval, entrance, time, logger)
{
    protected override IReadOnlyList<Func<CancellationToken, Task>> Tasks { get; } = [scheduler.RunAsync];
}
