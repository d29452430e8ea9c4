using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Administration;

/// <summary>Shows tenants to operators.</summary>
internal sealed class TenantReader(IKmsStore store, ITenantRepository tenants, RowSealer sealer, ListCursor cursors)
{
    private const string List = "tenants";

    /// <summary>One tenant.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotFound"/>.</exception>
    /// <exception cref="SealBrokenException">Its row does not match its seal.</exception>
    public async Task<TenantInfo> GetAsync(TenantId id, CancellationToken cancellationToken) =>
        TenantInfo.Of(await store.ReadAsync(session => FindAsync(session, id), cancellationToken));

    /// <summary>One page, newest first. A row whose seal is broken is named apart and hides no other.</summary>
    /// <param name="caller">The operator.</param>
    /// <param name="filter">Which tenants.</param>
    /// <param name="cursor">Where the page before ended; null = from the newest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> for a cursor that is not this list's.</exception>
    public async Task<TenantPage> ListAsync(
        Caller caller, TenantFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        TenantId? before = cursor is null ? null : new TenantId(cursors.Read(List, caller.TenantId, cursor));

        // One more than was asked for: then there is a next page.
        IReadOnlyList<Sealed<Tenant>> found = await store.ReadAsync(
            session => tenants.ListAsync(session, filter, before, limit + 1), cancellationToken);
        List<TenantInfo> shown = [];
        List<TenantId> unreadable = [];
        foreach (Sealed<Tenant> row in found.Take(limit))
        {
            if (sealer.TryOpen(row) is { } tenant)
                shown.Add(TenantInfo.Of(tenant));
            else
                unreadable.Add(row.UnverifiedRow.Id);
        }

        string? next = found.Count > limit
            ? cursors.Write(List, caller.TenantId, found[limit - 1].UnverifiedRow.Id.Value)
            : null;
        return new TenantPage(shown, unreadable, next);
    }

    /// <summary>A tenant, with its seal checked.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotFound"/>.</exception>
    internal async Task<Tenant> FindAsync(IKmsSession session, TenantId id) =>
        sealer.Open(await tenants.FindAsync(session, id) ?? throw NotFound());

    /// <summary>The refusal of a tenant that is not there.</summary>
    public static KmsException NotFound() => KmsErrors.NotFound.With("There is no such tenant.");
}
