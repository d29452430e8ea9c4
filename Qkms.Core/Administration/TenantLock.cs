using Qkms.Core.ApiKeys;
using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Administration;

/// <summary>
/// What every change of API keys begins with: the row of the tenant is locked, and the caller's own API key is looked at again under that
/// lock, which all such changes take.
/// </summary>
internal sealed class TenantLock(ITenantRepository tenants, ICredentialRepository credentials, RowSealer sealer, TimeProvider time)
{
    /// <summary>Locks the row of the caller's tenant until the unit ends.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="caller">The caller, as he was when his request began.</param>
    /// <param name="permission">What he needs.</param>
    /// <param name="other">Another tenant, whose row is locked too; null = none.</param>
    /// <returns>The tenant, and the caller as he is now.</returns>
    /// <exception cref="KmsException">
    /// <see cref="KmsErrors.TenantSuspended"/>, <see cref="KmsErrors.Unauthenticated"/> or <see cref="KmsErrors.NotPermitted"/>: that has
    /// changed meanwhile.
    /// </exception>
    public async Task<(Tenant Tenant, Caller Current)> EnterAsync(
        IKmsSession session, Caller caller, Permission permission, TenantId? other = null)
    {
        // In the order of the ids, so that no two units wait for each other.
        if (other is { } first && first.Value.CompareTo(caller.TenantId.Value) < 0)
            await tenants.LockAsync(session, first);

        Tenant tenant = sealer.Open(
            await tenants.LockAsync(session, caller.TenantId) ?? throw new SealBrokenException($"tenant {caller.TenantId}"));
        if (other is { } second && second.Value.CompareTo(caller.TenantId.Value) > 0)
            await tenants.LockAsync(session, second);

        if (tenant.State != TenantState.Active)
            throw KmsErrors.TenantSuspended.Refusal();

        Credential own = await credentials.FindAsync(session, caller.TenantId, caller.CredentialId) is { } row
            ? sealer.Open(row)
            : throw KmsErrors.Unauthenticated.Refusal();
        if (!own.IsUsableAt(time.GetUtcMilliseconds()))
            throw KmsErrors.Unauthenticated.Refusal();

        Caller current = caller with { Access = new Access(own.Roles, own.Permissions, own.KeyScope) };
        current.Require(permission);
        return (tenant, current);
    }

    /// <summary>The caller's tenant, which nobody waits for: to look whether a change is in vain before it begins.</summary>
    public async Task<Tenant> FindAsync(IKmsSession session, Caller caller) => sealer.Open(
        await tenants.FindAsync(session, caller.TenantId) ?? throw new SealBrokenException($"tenant {caller.TenantId}"));

    /// <summary>Locks an API key, and says whether it is still as it was read.</summary>
    public async Task<bool> HoldsAsync(IKmsSession session, Credential read) =>
        await credentials.LockAsync(session, read.TenantId, read.Id) is { Seal.Length: > 0 } row
        && RowSealer.SayTheSame(read, row.UnverifiedRow);
}
