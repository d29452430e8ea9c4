using Qkms.Core.Store;

namespace Qkms.Core.Backups;

/// <summary>A database into which a backup can be restored.</summary>
internal interface IRestoreTarget
{
    /// <summary>What is written, for people.</summary>
    string Description { get; }

    /// <summary>Writes every row of a backup, or nothing.</summary>
    /// <param name="backup">The backup, which was checked.</param>
    /// <param name="replace">Whether an installation that is there goes.</param>
    /// <param name="check">Looks at what was written before it counts; when it throws, nothing was written.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellationToken">Ends it; nothing was written then.</param>
    /// <exception cref="BackupException">The backup does not fit, or there is an installation.</exception>
    /// <exception cref="StoreUnusableException">The database cannot be written, or others work with it.</exception>
    Task<Restored> RestoreAsync(
        BackupArchive backup,
        bool replace,
        Func<IKmsSession, Task> check,
        IBackupProgress progress,
        CancellationToken cancellationToken);
}

/// <summary>What a restore did.</summary>
/// <param name="Rows">How many rows it wrote.</param>
/// <param name="Replaced">Whether another installation was there.</param>
/// <param name="Epoch">The epoch that it began: higher than all of the backup and of what was there.</param>
internal sealed record Restored(long Rows, bool Replaced, long Epoch);
