using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Core.Backups;

/// <summary>Restores a backup into a database, when the root key opens it.</summary>
internal sealed class Restorer(IRestoreTarget target, IKeyringRepository keyrings)
{
    /// <summary>Checks the whole backup, then the root key, and only then writes.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="secrets">What opens it.</param>
    /// <param name="replace">Whether an installation that is there goes.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it; nothing was written then.</param>
    /// <exception cref="RootKeyException">The root key is another installation's.</exception>
    /// <exception cref="BackupException">The backup is damaged or does not fit.</exception>
    /// <exception cref="StoreUnusableException">The database cannot be written.</exception>
    public Task<Restored> RunAsync(
        BackupArchive backup, RootSecrets secrets, bool replace, IBackupProgress progress, CancellationToken cancellationToken)
    {
        backup.Check(progress);

        // What a passphrase, a token or another KMS is worth is known when the rows are there.
        IReadOnlyList<string> ids = backup.Manifest.Facts.RootKeyIds;
        if (secrets.Located is { } rootKey && !ids.Contains(rootKey.Id) && !secrets.HasBesideLocated)
            throw new RootKeyException(
                $"The root key does not match this backup: the one from {rootKey.Source} is {rootKey.Id}, the backup was sealed with "
                + $"{string.Join(", ", ids)}. Nothing was written; give the root key that belongs to the backup.");

        return target.RestoreAsync(backup, replace, session => CheckAsync(session, secrets), progress, cancellationToken);
    }

    // Beyond the ids, which anybody can write: every key of the keyring opens.
    private async Task CheckAsync(IKmsSession session, RootSecrets secrets)
    {
        StoredKeyring stored = await StoredKeyring.ReadAsync(session, keyrings);
        if (stored.IsNew)
            throw new BackupException("The backup holds no master key: the file was changed after it was made.");

        RootKey rootKey = await stored.FindRootKeyAsync(secrets, CancellationToken.None)
            ?? throw new RootKeyException(
                $"No root key is at hand that opens this backup: it was sealed with {stored.RootKeyIds}. Nothing was written.");
        using KeyringKeys keys = stored.Open(rootKey);
        if (stored.FindProblem(keys.MasterKey, told: null) is { } problem)
            throw new BackupException($"The root keys of the backup do not match their protection: {problem}. Nothing was written.");
    }
}
