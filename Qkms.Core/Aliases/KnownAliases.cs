using Qkms.Core.Store;

namespace Qkms.Core.Aliases;

/// <summary>
/// The keys that aliases name, as requests ask for them: from memory while that is no older than <see cref="FreshnessLimit.MaxAge"/>, else
/// from the database, checked. A change on this node drops what it changed at once. That there is no such alias is not remembered.
/// </summary>
internal sealed class KnownAliases
{
    private const int MostRemembered = 10_000;

    private readonly IKmsStore _store;
    private readonly AliasRows _rows;
    private readonly FreshCache<(TenantId Tenant, AliasName Name), Alias> _fresh;

    /// <summary>Remembers nothing yet.</summary>
    public KnownAliases(IKmsStore store, AliasRows rows, TimeProvider time)
    {
        (_store, _rows) = (store, rows);
        _fresh = new(time, MostRemembered);
        store.WhenServerChanges(_fresh.ForgetAll);
    }

    /// <summary>The alias with a name, or null.</summary>
    /// <exception cref="Sealing.SealBrokenException">Its row is not the one that was written last.</exception>
    public ValueTask<Alias?> FindAsync(TenantId tenantId, AliasName name, CancellationToken cancellationToken) => _fresh.GetAsync(
        (tenantId, name),
        this,
        static (wanted, self) => self._store.ReadAsync(
            session => self._rows.FindAsync(session, wanted.Tenant, wanted.Name), CancellationToken.None),
        cancellationToken);

    /// <summary>Drops what is remembered of an alias; to be called when a change of it is committed, before that is answered.</summary>
    public void Forget(Alias alias) => _fresh.Forget((alias.TenantId, alias.Name));
}
