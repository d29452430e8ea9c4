using Qkms.Core.ApiKeys;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Keyrings;
using Qkms.Core.Rotations;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Verification;

/// <summary>
/// Checks the rows that belong to no key: API keys and rotation jobs against the newest event of each, and what is kept for repeated
/// requests.
/// </summary>
internal sealed class RowVerifier(
    IKmsSession session,
    IVerificationRepository repository,
    IFormerRowRepository rows,
    OpenedTenantKeys tenantKeys,
    RowSealer sealer,
    JournalStatements statements,
    IVerificationReport report)
{
    private const int PageSize = 500;
    private const int MostNamed = 100;

    /// <summary>Checks all of them.</summary>
    public async Task RunAsync()
    {
        await CheckApiKeysAsync();
        await CheckJobsAsync();
        await CheckKeptResultsAsync();
    }

    private async Task CheckApiKeysAsync()
    {
        await foreach (Sealed<Credential> stored in RowPages.AllAsync(session, rows.ListCredentialsAsync, row => row.Id.Value))
            CheckApiKey(stored);

        foreach (Guid lost in statements.ApiKeysLeft.Take(MostNamed))
            report.Found($"the row of credential {lost} is missing, and the journal tells of no such removal");
    }

    private void CheckApiKey(Sealed<Credential> stored)
    {
        if (statements.IsDeleted(stored.UnverifiedRow.TenantId))
            return;

        bool isTold = statements.TakeApiKey(stored.UnverifiedRow.Id.Value, out byte[]? seal);
        if (sealer.TryOpen(stored) is not { } apiKey)
            report.Found($"the row of {stored.UnverifiedRow.LogName} was edited");
        else if (isTold && !stored.Seal.AsSpan().SequenceEqual(seal))
            report.Found($"the row of {apiKey.LogName} is not the one that the journal says was written last: it was put back");
        else if (!isTold && !IsDecoy(apiKey) && !statements.IsOlderThanJournal(apiKey.TenantId, apiKey.CreatedAt))
            report.Found($"the journal does not tell of {apiKey.LogName}");
    }

    // Nobody can present it, and Qkms makes another one when it is gone: the journal does not tell of it.
    private static bool IsDecoy(Credential apiKey) => apiKey.LookupId == ApiKeyDecoy.LookupId;

    private async Task CheckJobsAsync()
    {
        StoredPlace last = new([], []);
        IReadOnlyList<(StoredPlace Place, Sealed<RotationJob> Job)> page;
        do
        {
            page = await repository.ListJobsAsync(session, last, PageSize);
            foreach ((StoredPlace place, Sealed<RotationJob> stored) in page)
            {
                last = place;
                CheckJob(stored);
            }
        }
        while (page.Count == PageSize);

        foreach (Guid lost in statements.JobsLeft.Take(MostNamed))
            report.Found($"the row of rotation job {lost} is missing, and the journal tells of no such removal");
    }

    // The journal tells of the beginning and the end of a job, not of its attempts.
    private void CheckJob(Sealed<RotationJob> stored)
    {
        if (statements.IsDeleted(stored.UnverifiedRow.TenantId))
            return;

        bool isTold = statements.TakeJob(stored.UnverifiedRow.Id.Value, out string? state);
        if (sealer.TryOpen(stored) is not { } job)
            report.Found($"the row of {stored.UnverifiedRow.LogName} was edited");
        else if (!isTold)
            report.Found($"the journal does not tell of {job.LogName}");
        else if (state != RotationOrders.NameOf(job.IsWaiting ? RotationJobState.Scheduled : job.State))
            report.Found($"{job.LogName} is {RotationOrders.NameOf(job.State)}, and its newest event says {state}: its row was put back");
    }

    private async Task CheckKeptResultsAsync()
    {
        (byte[] TenantId, string Key) last = ([], "");
        IReadOnlyList<(byte[] TenantId, KeptResult Kept)> page;
        do
        {
            page = await repository.ListKeptResultsAsync(session, last.TenantId, last.Key, PageSize);
            foreach ((byte[] tenantId, KeptResult kept) in page)
            {
                last = (tenantId, kept.Key);
                if (!statements.IsDeleted(kept.TenantId) && !await OpensAsync(kept))
                    report.Found($"an answer that is kept for tenant {kept.TenantId} does not open");
            }
        }
        while (page.Count == PageSize);
    }

    private async Task<bool> OpensAsync(KeptResult kept)
    {
        try
        {
            if (await tenantKeys.FindAsync(kept.TenantId, kept.WrappingKeyId) is not { } tenantKey)
                return false;

            KeptResultWrap.Open(tenantKey, kept).Dispose();
            return true;
        }
        catch (SealBrokenException)
        {
            return false;
        }
    }
}
