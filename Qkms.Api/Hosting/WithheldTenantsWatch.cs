using Qkms.Core.Uses;

namespace Qkms.Api.Hosting;

/// <summary>Has the keys of tenants that another node has suspended, or ordered to be deleted, leave the memory of this one.</summary>
internal sealed class WithheldTenantsWatch(WithheldTenants tenants, TimeProvider time, ILogger<WithheldTenantsWatch> logger)
    : PeriodicWork("dropping keys of suspended tenants", WithheldTenants.Interval, time, logger)
{
    protected override IReadOnlyList<Func<CancellationToken, Task>> Tasks { get; } = [tenants.DropKeysAsync];
}
