using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Core.Keys;

/// <summary>Answers questions about keys.</summary>
internal sealed class KeyReader(
    IKmsStore store, IKeyRepository keys, RowSealer sealer, KeyRows rows, MissingKeys missing, KeyListCursor cursors, TimeProvider time)
{
    /// <summary>The version that a kid names.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>.</exception>
    public async Task<KeyVersion> GetAsync(Caller caller, Kid kid, CancellationToken cancellationToken)
    {
        KeyVersion? version = await store.ReadAsync(session => rows.FindVersionAsync(session, caller.TenantId, kid), cancellationToken);

        // A kid says nothing of its name, so one outside the API key's narrowing is as absent as one that does not exist.
        return version is not null && caller.Access.Covers(version.Address.Name) ? version : throw KmsErrors.KeyVersionNotFound.Refusal();
    }

    /// <summary>The version with a number of a key.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>.</exception>
    public async Task<KeyVersion> GetAsync(Caller caller, KeySelector key, int number, CancellationToken cancellationToken)
    {
        KeyAddress address = key.For(caller);
        return await store.ReadAsync(
            async session =>
                await rows.FindKeyAsync(session, address) is { } found && await rows.FindVersionAsync(session, found, number) is { } version
                    ? version
                    : throw await missing.RefusalAsync(session, new MissingKey(address, number)),
            cancellationToken);
    }

    /// <summary>The version in the active slot of a key; its status may be expired.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>.</exception>
    public async Task<KeyVersion> GetActiveAsync(Caller caller, KeySelector key, CancellationToken cancellationToken)
    {
        KeyAddress address = key.For(caller);
        return await store.ReadAsync(
            async session => (await rows.FindActiveAsync(session, address))?.Active
                ?? throw await missing.RefusalAsync(session, new MissingKey(address)),
            cancellationToken);
    }

    /// <summary>One page of the versions, newest first. A row whose seal is broken is named apart and hides no other.</summary>
    /// <param name="caller">Whose versions.</param>
    /// <param name="filter">Which of them.</param>
    /// <param name="cursor">Where the page before ended; null = from the newest.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Invalid"/> for a cursor that is not this tenant's.</exception>
    public async Task<KeyPage> ListAsync(
        Caller caller, KeyListFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        caller.RequireKey(filter.Name);
        KeyVersionQuery query = new(caller.TenantId, filter.Algorithm, filter.Name, filter.Status, time.GetUtcMilliseconds());
        KeyVersionId? before = cursor is null ? null : cursors.Read(caller.TenantId, cursor);

        (IReadOnlyList<Sealed<KeyVersion>> found, long total) = await store.ReadAsync(
            async session =>
                (await keys.ListVersionsAsync(session, query, before, limit + 1), await keys.CountVersionsAsync(session, query)),
            cancellationToken);

        Sealed<KeyVersion>[] page = [.. found.Take(limit)];
        KeyVersion?[] opened = Array.ConvertAll(page, row => sealer.TryOpen(row));
        return new KeyPage(
            [.. opened.OfType<KeyVersion>()],
            [.. page.Where((_, i) => opened[i] is null).Select(row => row.UnverifiedRow.Kid.Value)],
            total,
            found.Count > limit ? cursors.Write(caller.TenantId, page[^1].UnverifiedRow.Id) : null);
    }
}
