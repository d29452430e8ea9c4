using Qkms.Core.Callers;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Core.Aliases;

/// <summary>Lists the aliases of the keys that a caller may know of, by their names.</summary>
internal sealed class AliasReader(IKmsStore store, AliasRows rows, ListCursor cursors)
{
    private const string List = "aliases";

    /// <summary>One page.</summary>
    /// <param name="caller">Whose aliases.</param>
    /// <param name="keyId">Only those of this key; null = all.</param>
    /// <param name="cursor">Where the page before ended; null = from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>The page; null for a cursor that is not this list's.</returns>
    public async Task<AliasPage?> ListAsync(
        Caller caller, KeyId? keyId, string? cursor, int limit, CancellationToken cancellationToken)
    {
        string? last = null;
        if (cursor is not null && !cursors.TryReadText(List, caller.TenantId, cursor, out last))
            return null;

        AliasRowPage page = await store.ReadAsync(
            session => rows.ListAsync(session, caller, keyId, last is null ? null : AliasName.FromStored(last), limit),
            cancellationToken);
        await rows.ReportAsync(caller, page);
        return new AliasPage(
            page.Aliases, page.Last is { } name ? cursors.WriteText(List, caller.TenantId, name.Value) : null);
    }
}

/// <summary>One page of aliases.</summary>
/// <param name="Aliases">The aliases.</param>
/// <param name="NextCursor">Where the next page begins; null = this is the last.</param>
internal sealed record AliasPage(IReadOnlyList<Alias> Aliases, string? NextCursor);
