using Qkms.Core.Aliases;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;
using Qkms.Core.Tags;

namespace Qkms.Core.Verification;

/// <summary>
/// Checks aliases and tags against the newest event about each. Who puts an old row of an alias back would have it name a key that it named
/// before.
/// </summary>
internal sealed class NameVerifier(
    IKmsSession session,
    IVerificationRepository repository,
    RowSealer sealer,
    JournalStatements statements,
    IVerificationReport report)
{
    private const int PageSize = 500;
    private const int MostNamed = 100;

    /// <summary>Checks all of them.</summary>
    public async Task RunAsync()
    {
        await CheckAliasesAsync();
        foreach (string lost in statements.AliasesLeft.Take(MostNamed))
            report.Found($"the row of the alias {lost} is missing, and the journal tells of no such removal");

        await CheckTagsAsync();
        foreach (KeyId lost in statements.TagsLeft.Take(MostNamed))
            report.Found($"the row of the tags of key {lost} is missing, and the journal tells of no such removal");
    }

    private async Task CheckAliasesAsync()
    {
        (byte[] tenantId, string name) = ((byte[])[], "");
        IReadOnlyList<(byte[] TenantId, string Name, Sealed<Alias> Alias)> page;
        do
        {
            page = await repository.ListAliasesAsync(session, tenantId, name, PageSize);
            foreach ((byte[] TenantId, string Name, Sealed<Alias> Alias) stored in page)
            {
                (tenantId, name) = (stored.TenantId, stored.Name);
                Check(stored.Alias, statements.TakeAlias(stored.Alias.UnverifiedRow.TenantId, stored.Name));
            }
        }
        while (page.Count == PageSize);
    }

    private async Task CheckTagsAsync()
    {
        StoredPlace last = new([], []);
        IReadOnlyList<(StoredPlace Place, Sealed<KeyTags> Tags)> page;
        do
        {
            page = await repository.ListTagsAsync(session, last, PageSize);
            foreach ((StoredPlace place, Sealed<KeyTags> stored) in page)
            {
                last = place;
                Check(stored, statements.TakeTags(stored.UnverifiedRow.KeyId));
            }
        }
        while (page.Count == PageSize);
    }

    private void Check<T>(Sealed<T> stored, byte[]? told)
        where T : class, ISealedRow
    {
        if (statements.IsDeleted(stored.UnverifiedRow.TenantId))
            return;

        if (sealer.TryOpen(stored) is not { } row)
            report.Found($"the row of {stored.UnverifiedRow.LogName} was edited");
        else if (told is null)
            report.Found($"the journal does not tell of {row.LogName}");
        else if (!stored.Seal.AsSpan().SequenceEqual(told))
            report.Found($"the row of {row.LogName} is not the one that the journal says was written last: it was put back");
    }
}
