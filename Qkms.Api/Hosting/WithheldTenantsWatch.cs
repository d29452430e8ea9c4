using Qkms.Core.Uses;

namespace Qkms.Api.Hosting;

/// <summary>Has the keys of tenants that another node has suspended, or ordered to be deleted, leave the memory of this one.</summary>
internal sealed class WithheldTenantsWatch(
    WithheldTenants tenants, Entrance entrance, TimeProvider time, ILogger<WithheldTenantsWatch> logger)
    : PeriodicWork("dropping keys of suspended tenants", WithheldTenants.Interval, entrance, time, logger)
{
    protected override IReadOnlyList<Func<CancellationToken, Task>> Tasks { get; } = [tenants.DropKeysAsync];
}
