using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Verification;

/// <summary>
/// Checks every key against the newest event about it, every version against its key, its counter against the events of its uses, and opens
/// every private key.
/// </summary>
internal sealed class KeyVerifier(
    IKmsSession session,
    IVerificationRepository repository,
    IJournalRepository journal,
    IFormerRowRepository rows,
    IKeyRepository keys,
    OpenedTenantKeys tenantKeys,
    RowSealer sealer,
    JournalStatements statements,
    IVerificationReport report)
{
    private const int PageSize = 500;
    private const int MostNamed = 100;

    /// <summary>How many keys there are.</summary>
    public long Keys { get; private set; }

    /// <summary>How many versions there are.</summary>
    public long Versions { get; private set; }

    /// <summary>How many private keys were opened.</summary>
    public long PrivateKeys { get; private set; }

    /// <summary>Checks all of them.</summary>
    public async Task RunAsync()
    {
        await foreach (Sealed<Key> key in RowPages.AllAsync(session, rows.ListKeysAsync, row => row.Id.Value))
        {
            if (statements.IsDeleted(key.UnverifiedRow.TenantId))
                continue;

            Keys++;
            await CheckKeyAsync(key);
        }

        foreach (string kid in await repository.ListOrphansAsync(session, MostNamed))
            report.Found($"key version {kid} belongs to no key");

        foreach (Sealed<KeyUsage> lost in await repository.ListLostUsagesAsync(session, MostNamed))
            report.Found($"{lost.UnverifiedRow.LogName} are counted, and there is no such version");
    }

    private async Task CheckKeyAsync(Sealed<Key> stored)
    {
        Key unverified = stored.UnverifiedRow;
        Key? key = sealer.TryOpen(stored);
        if (key is null)
            report.Found($"the row of {unverified.LogName} was edited");
        else
            await CheckAgainstJournalAsync(key, stored.Seal);

        int last = 0;
        long count = 0;
        IReadOnlyList<Sealed<KeyVersion>> page;
        do
        {
            page = await rows.ListVersionsAsync(session, unverified, last, PageSize);
            foreach (Sealed<KeyVersion> row in page)
            {
                last = row.UnverifiedRow.Version;
                count++;
                await CheckVersionAsync(key, row);
            }
        }
        while (page.Count == PageSize);

        Versions += count;
        if (key is not null && count != key.VersionCount)
            report.Found($"{key.LogName} has {count} versions and says that it has {key.VersionCount}");
    }

    private async Task CheckAgainstJournalAsync(Key key, byte[] seal)
    {
        StoredEvent? newest = await journal.FindNewestOfKeyAsync(session, key.TenantId, key.Id);
        if (newest is null)
        {
            report.Found($"the journal does not tell of {key.LogName}");
        }
        else if (!seal.AsSpan().SequenceEqual(newest.Event.KeySeal))
        {
            long? old = await repository.FindPositionOfSealAsync(session, key.TenantId, key.Id, seal);
            report.Found(old is { } position
                ? $"{key.LogName} was put back to what it was at position {position} of its tenant's journal; position "
                    + $"{newest.Chained.Position} ({newest.Event.Action}) is newer"
                : $"the journal does not tell of the last change of {key.LogName}: its newest event about it is position "
                    + $"{newest.Chained.Position}");
        }
    }

    private async Task CheckVersionAsync(Key? key, Sealed<KeyVersion> stored)
    {
        KeyVersion? version = sealer.TryOpen(stored);
        if (version is null)
        {
            report.Found($"the row of {stored.UnverifiedRow.LogName} was edited");
            return;
        }

        if (key is not null && !key.Vouches(version))
            report.Found($"{version.LogName} is not as its key says that it is: its row was put back");

        await CheckUsesAsync(version);
        KeyMaterial? material = await keys.FindMaterialAsync(session, version.TenantId, version.Id);
        if (version.State == KeyState.Destroyed)
        {
            if (material is not null)
                report.Found($"{version.LogName} is destroyed, and its private key is there");
        }
        else if (material is null || !await OpensAsync(version, material))
        {
            report.Found($"the private key of {version.LogName} {(material is null ? "is missing" : "does not open")}");
        }
        else
        {
            PrivateKeys++;
        }
    }

    // A counter is written with the event of the last use that it counts. Of trimmed uses only what is left can be compared: a counter is
    // never lower than that.
    private async Task CheckUsesAsync(KeyVersion version)
    {
        Sealed<KeyUsage>? stored = await repository.FindUsageAsync(session, version);
        long? told = statements.UsesOf(version);
        if (stored is null)
        {
            if (told is not null || version.CountsUses)
                report.Found($"the counter of {version.LogName} is missing");
        }
        else if (sealer.TryOpen(stored) is not { } usage)
        {
            report.Found($"the counter of {version.LogName} was edited");
        }
        else if (usage.Used < (told ?? 0))
        {
            report.Found($"the counter of {version.LogName} was set back to {usage.Used}: the journal tells of {told} uses");
        }
        else if (usage.Used > (told ?? 0) && !statements.IsTrimmed(version.TenantId))
        {
            report.Found($"the counter of {version.LogName} says {usage.Used}, and the journal tells of {told ?? 0} uses");
        }
    }

    private async Task<bool> OpensAsync(KeyVersion version, KeyMaterial material)
    {
        try
        {
            if (await tenantKeys.FindAsync(version.TenantId, material.WrappingKeyId) is not { } tenantKey)
                return false;

            PrivateKeyWrap.Unwrap(tenantKey, version, material).Dispose();
            return true;
        }
        catch (SealBrokenException)
        {
            return false;
        }
    }
}
