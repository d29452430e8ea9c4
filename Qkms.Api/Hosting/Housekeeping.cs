using Qkms.Core.Idempotency;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Hosting;

/// <summary>Destroys the keys whose date has come, and deletes answers that have expired.</summary>
internal sealed class Housekeeping(
    DestructionSweep destruction, KeptResults results, DestructionOptions options, TimeProvider time, ILogger<Housekeeping> logger)
    : PeriodicWork("destroying keys, deleting expired answers", options.SweepInterval, time, logger)
{
    protected override IReadOnlyList<Func<CancellationToken, Task>> Tasks { get; } = [destruction.RunAsync, results.ForgetExpiredAsync];
}
