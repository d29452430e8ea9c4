using Qkms.Core.Callers;
using Qkms.Core.Store;

namespace Qkms.Core.Rotations;

/// <summary>Rotation jobs in the database. Every statement but the look for due ones carries the tenant.</summary>
internal interface IRotationJobRepository
{
    /// <summary>A job, or null.</summary>
    Task<Sealed<RotationJob>?> FindAsync(IKmsSession session, TenantId tenantId, RotationJobId id);

    /// <summary>A job, or null, held until the unit ends: whoever else wants it waits. The row of its key is locked before it.</summary>
    Task<Sealed<RotationJob>?> LockAsync(IKmsSession session, TenantId tenantId, RotationJobId id);

    /// <summary>Adds a job; false when the version waits for one of this kind already.</summary>
    Task<bool> InsertAsync(IKmsSession session, Sealed<RotationJob> job);

    /// <summary>
    /// Writes a job whose <see cref="RotationJob.RowVersion"/> was raised by one; false when the row is not the one that was read.
    /// </summary>
    Task<bool> UpdateAsync(IKmsSession session, Sealed<RotationJob> job);

    /// <summary>The jobs that a version waits for, held until the unit ends: one that was asked for, one of the service itself.</summary>
    Task<IReadOnlyList<Sealed<RotationJob>>> LockWaitingAsync(IKmsSession session, TenantId tenantId, Kid kid);

    /// <summary>Whether a version has or had a job for a cause.</summary>
    Task<bool> AnyAsync(IKmsSession session, TenantId tenantId, Kid kid, RotationCause cause);

    /// <summary>The jobs of the service itself that made versions of a key, from one number to another.</summary>
    Task<IReadOnlyList<Sealed<RotationJob>>> ListOwnOfKeyAsync(
        IKmsSession session, TenantId tenantId, KeyId keyId, int first, int last);

    /// <summary>How many jobs of every tenant are still to be done.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="most">Where the count ends.</param>
    Task<long> CountWaitingAsync(IKmsSession session, int most);

    /// <summary>A tenant's jobs, newest first.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="filter">Which.</param>
    /// <param name="scope">Only those of keys with these names.</param>
    /// <param name="before">Only those older than this one; null = from the newest.</param>
    /// <param name="limit">At most so many.</param>
    Task<IReadOnlyList<Sealed<RotationJob>>> ListAsync(
        IKmsSession session, TenantId tenantId, RotationJobFilter filter, KeyScope scope, RotationJobId? before, int limit);

    /// <summary>Jobs of every tenant whose time has come, by their rows alone: nothing of them is checked.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="now">The time.</param>
    /// <param name="after">Only those behind this one; null = from the first.</param>
    /// <param name="limit">At most so many, the one that is due longest first.</param>
    Task<IReadOnlyList<DueRow>> ListDueAsync(IKmsSession session, DateTimeOffset now, DueRow? after, int limit);

    /// <summary>The same of the keys that rotate by themselves.</summary>
    Task<IReadOnlyList<DueRow>> ListDueKeysAsync(IKmsSession session, DateTimeOffset now, DueRow? after, int limit);

    /// <summary>The same of the active versions whose soft expiration starts a rotation.</summary>
    Task<IReadOnlyList<DueRow>> ListDueVersionsAsync(IKmsSession session, DateTimeOffset now, DueRow? after, int limit);
}

/// <summary>Which jobs a list shows; null = all.</summary>
/// <param name="Kid">Only those of this version.</param>
/// <param name="Name">Only those of keys with this name.</param>
/// <param name="State">Only those in this state.</param>
internal sealed record RotationJobFilter(Kid? Kid, KeyName? Name, RotationJobState? State);

/// <summary>A row that says that something is due.</summary>
/// <param name="DueAt">Since when, in UTC milliseconds.</param>
/// <param name="StoredId">Its id as it stands in the row, whatever that is.</param>
/// <param name="Ids">Whose it is, and its id; null when the row holds something that is no id.</param>
internal sealed record DueRow(long DueAt, byte[] StoredId, (TenantId TenantId, Guid Id)? Ids);
