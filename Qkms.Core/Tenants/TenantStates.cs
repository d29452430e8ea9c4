using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Tenants;

/// <summary>
/// Whether tenants may use the service. It is asked when a request is let in, and again where the request writes or has used a key: the
/// tenant may have been suspended meanwhile.
/// </summary>
internal sealed class TenantStates
{
    private const int MostRemembered = 10_000;

    private readonly IKmsStore _store;
    private readonly ITenantRepository _tenants;
    private readonly RowSealer _sealer;
    private readonly FreshCache<TenantId, Tenant> _fresh;

    /// <summary>Works over a store whose keyring is open when the first tenant is asked for.</summary>
    public TenantStates(IKmsStore store, ITenantRepository tenants, RowSealer sealer, TimeProvider time)
    {
        (_store, _tenants, _sealer) = (store, tenants, sealer);
        _fresh = new FreshCache<TenantId, Tenant>(time, MostRemembered);
        store.WhenServerChanges(ForgetAll);
    }

    /// <summary>Whether a tenant may use the service, as the database says now.</summary>
    /// <exception cref="SealBrokenException">Its row is gone, or does not match its seal.</exception>
    public async Task<bool> IsActiveAsync(IKmsSession session, TenantId id) => (await FindAsync(session, id)).State == TenantState.Active;

    /// <summary>
    /// Refuses what a unit does for a tenant that may not use the service. To be asked last, when the unit holds a stream of the tenant's
    /// journal: whoever suspends the tenant takes all of them, so that nothing is committed after that.
    /// </summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.TenantSuspended"/>.</exception>
    /// <exception cref="SealBrokenException">As above.</exception>
    public async Task RequireActiveAsync(IKmsSession session, TenantId id)
    {
        if (!await IsActiveAsync(session, id))
            throw KmsErrors.TenantSuspended.Refusal();
    }

    /// <summary>The same for what writes nothing, as the database said at most <see cref="FreshnessLimit.MaxAge"/> ago.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.TenantSuspended"/>, or storage is not available.</exception>
    /// <exception cref="SealBrokenException">As above.</exception>
    public async ValueTask RequireActiveAsync(TenantId id, CancellationToken cancellationToken)
    {
        Tenant? tenant = await _fresh.GetAsync(id, this, static (id, states) => states.ReadAsync(id), cancellationToken);
        if (tenant?.State != TenantState.Active)
            throw KmsErrors.TenantSuspended.Refusal();
    }

    /// <summary>
    /// Whether a tenant is deleted, as the database says now. To be asked when something of it is broken or missing: whoever deletes
    /// a tenant writes zeros over its key and removes its rows, while what was let in before still reads.
    /// </summary>
    /// <param name="id">The tenant.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException">Storage is not available.</exception>
    /// <exception cref="SealBrokenException">Its row is gone, or does not match its seal.</exception>
    public async Task<bool> IsDeletedAsync(TenantId id, CancellationToken cancellationToken) =>
        (await _store.ReadAsync(session => FindAsync(session, id), cancellationToken)).State == TenantState.Deleted;

    /// <summary>Drops what is remembered. To be called when a change of a tenant is committed, before it is answered.</summary>
    public void ForgetAll() => _fresh.ForgetAll();

    // Not cancelled with one who asks: others may wait for it.
    private async Task<Tenant?> ReadAsync(TenantId id) =>
        await _store.ReadAsync(session => FindAsync(session, id), CancellationToken.None);

    private async Task<Tenant> FindAsync(IKmsSession session, TenantId id) =>
        _sealer.Open(await _tenants.FindAsync(session, id) ?? throw new SealBrokenException($"tenant {id}"));
}
