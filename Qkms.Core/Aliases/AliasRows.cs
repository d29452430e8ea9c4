using Qkms.Core.Callers;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Aliases;

/// <summary>
/// Reads aliases and holds each against the newest event about it. A seal alone does not say that a row is the newest that was written:
/// an old row that was put back would lead to a key that the alias had before, and a row that was removed would pass for no alias.
/// </summary>
internal sealed class AliasRows(
    IAliasRepository aliases, IJournalRepository journal, RowSealer sealer, Keyring keyring, IntegrityAlarm alarm)
{
    /// <summary>The alias with a name, or null.</summary>
    /// <exception cref="SealBrokenException">Its row is not the one that the journal says was written last.</exception>
    public async Task<Alias?> FindAsync(IKmsSession session, TenantId tenantId, AliasName name)
    {
        StoredAlias found = await aliases.FindAsync(session, tenantId, name);
        return found is { Row: null, Newest: null } ? null : Check(found, await FindStreamAsync(session, tenantId));
    }

    /// <summary>
    /// Aliases that the caller may know of, by their names. One that is not as it was written is left out and hides no other: it is said
    /// to the operator.
    /// </summary>
    /// <param name="session">Reads.</param>
    /// <param name="caller">Whose aliases.</param>
    /// <param name="keyId">Only those of this key; null = all.</param>
    /// <param name="after">Only those behind this name; null = from the first.</param>
    /// <param name="limit">At most so many rows.</param>
    public async Task<AliasRowPage> ListAsync(IKmsSession session, Caller caller, KeyId? keyId, AliasName? after, int limit)
    {
        IReadOnlyList<StoredAlias> found =
            await aliases.ListAsync(session, caller.TenantId, keyId, caller.Access.Scope, after, limit + 1);
        if (found.Count == 0)
            return new AliasRowPage([], [], Last: null);

        JournalStream stream = await FindStreamAsync(session, caller.TenantId);
        List<Alias> page = [];
        List<string> broken = [];
        foreach (StoredAlias stored in found.Take(limit))
        {
            try
            {
                if (Check(stored, stream) is { } alias)
                    page.Add(alias);
            }
            catch (SealBrokenException e)
            {
                broken.Add(e.What);
            }
        }

        return new AliasRowPage(page, broken, found.Count > limit ? found[limit - 1].Name : null);
    }

    /// <summary>Says to the operator which rows of a page are not as they were written.</summary>
    public async Task ReportAsync(Caller caller, AliasRowPage page)
    {
        foreach (string what in page.Broken)
            await alarm.RaiseAsync(caller, what);
    }

    private Alias? Check(StoredAlias found, JournalStream stream)
    {
        byte[]? told = null;
        if (found.Newest is { } newest)
        {
            byte[] leaf = JournalChain.LeafHash(new CanonicalWriter(JournalChain.Format), stream, newest);
            if (!JournalChain.Holds(newest, leaf, keyring.FindJournalKey))
                throw new SealBrokenException($"{Alias.NameFor(found.Name)}, of which the journal was changed");

            told = newest.Event.RowSeal;
        }

        if (found.Row is not { } row)
            return told is null ? null : throw new SealBrokenException($"{Alias.NameFor(found.Name)}, whose row is missing");

        Alias alias = sealer.Open(row);
        return row.Seal.AsSpan().SequenceEqual(told)
            ? alias
            : throw new SealBrokenException($"{alias.LogName}, whose row is not the one that was written last");
    }

    private async Task<JournalStream> FindStreamAsync(IKmsSession session, TenantId tenantId) =>
        await journal.FindStreamAsync(session, tenantId, JournalStream.LifecycleNumber) is { } stream
            ? sealer.Open(stream)
            : throw new SealBrokenException($"journal stream {JournalStream.LifecycleNumber} of tenant {tenantId}");
}

/// <summary>One page of aliases.</summary>
/// <param name="Aliases">The aliases.</param>
/// <param name="Broken">How the log names those whose rows are not as they were written.</param>
/// <param name="Last">The last name of the page, where another page follows; else null.</param>
internal sealed record AliasRowPage(IReadOnlyList<Alias> Aliases, IReadOnlyList<string> Broken, AliasName? Last);
