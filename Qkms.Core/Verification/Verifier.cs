using Qkms.Core.Installation;
using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Store;
using Qkms.Core.Tenants;

namespace Qkms.Core.Verification;

/// <summary>Checks everything that the root key protects, on one moment of the database, and changes nothing.</summary>
internal sealed class Verifier(
    IVerificationRepository repository,
    IJournalRepository journals,
    IFormerRowRepository rows,
    ITenantRepository tenants,
    ITenantRemainsRepository remains,
    IKeyRepository keys,
    IKeyringRepository keyrings,
    Keyring keyring,
    RowSealer sealer)
{
    /// <summary>Checks all of it.</summary>
    /// <param name="session">Sees one moment of the database.</param>
    /// <param name="secrets">What opens it.</param>
    /// <param name="report">Takes what is found, and how far the verification is.</param>
    /// <exception cref="RootKeyException">The root key is another database's.</exception>
    /// <exception cref="StoreUnusableException">There is nothing yet, or a key that protects everything else does not open.</exception>
    public async Task<VerificationSummary> RunAsync(IKmsSession session, RootSecrets secrets, IVerificationReport report)
    {
        StoredKeyring stored = await StoredKeyring.ReadAsync(session, keyrings);
        stored.RefuseIfOrphaned();
        if (stored.IsNew)
            throw new StoreUnusableException("The database is empty: Qkms has not been started with it.");

        RootKey rootKey = await stored.FindRootKeyAsync(secrets, CancellationToken.None)
            ?? throw new RootKeyException($"No root key opens the database: it was sealed with {stored.RootKeyIds}.");
        if (stored.Set is null || stored.IsFormer(rootKey))
            throw new StoreUnusableException(
                "The database is of an earlier build, or its row in root_wrapper_set is lost: start Qkms with it once, which takes it "
                + "over.");

        keyring.Install(stored.Open(rootKey));
        JournalStatements statements = new();
        JournalVerifier journal = new(session, repository, tenants, remains, keyrings, sealer, keyring, statements, report);
        await journal.RunAsync();
        if (keyring.FindProblem(stored, statements.RootKeys) is { } problem)
            report.Found(problem);

        foreach (Guid lost in statements.SystemKeys.Except(stored.SystemKeyIds))
            report.Found($"key {lost} of the keyring, of which the journal tells, is missing: its row was removed");

        await new TenantKeyVerifier(session, keyrings, statements, report).RunAsync();
        using OpenedTenantKeys tenantKeys = new(session, keyrings, keyring);
        await new RowVerifier(session, repository, rows, tenantKeys, sealer, statements, report).RunAsync();
        await new NameVerifier(session, repository, sealer, statements, report).RunAsync();
        await new DeviceVerifier(session, repository, sealer, statements, report).RunAsync();
        KeyVerifier key = new(session, repository, journals, rows, keys, tenantKeys, sealer, statements, report);
        await key.RunAsync();
        return new VerificationSummary(journal.Tenants, journal.Streams, journal.Events, key.Keys, key.Versions, key.PrivateKeys);
    }
}
