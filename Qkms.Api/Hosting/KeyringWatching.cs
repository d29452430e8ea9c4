using Qkms.Core.Keyrings;

namespace Qkms.Api.Hosting;

/// <summary>Has this node take up keys that were added to the keyring of a shared database while it runs.</summary>
internal sealed class KeyringWatching(KeyringWatch watch, Entrance entrance, TimeProvider time, ILogger<KeyringWatching> logger)
    : PeriodicWork("taking up keys of the keyring", KeyringWatch.Interval, entrance, time, logger)
{
    protected override IReadOnlyList<Func<CancellationToken, Task>> Tasks { get; } = [watch.LookAsync];
}
