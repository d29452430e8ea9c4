using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keys;

/// <summary>
/// How often a version was used. A row of its own, because it changes with the uses and the version does not; sealed, so that a count is
/// not set back. A version with a usage limit has one from the moment it gets the limit: without it nothing is counted from zero again.
/// Others get one with their first use that is counted.
/// </summary>
internal sealed record KeyUsage : ISealedRow
{
    /// <inheritdoc/>
    public static string SealKind => "key-usage";

    /// <summary>The version.</summary>
    public required KeyVersionId VersionId { get; init; }

    /// <inheritdoc/>
    public required TenantId TenantId { get; init; }

    /// <summary>Uses so far. It only rises.</summary>
    public required long Used { get; init; }

    /// <summary>When the newest of them was counted; null = there is none.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Rises with every write of the row.</summary>
    public required long RowVersion { get; init; }

    /// <inheritdoc/>
    public string LogName => $"the uses of the key version with the id {VersionId}";

    /// <summary>The counter that a version begins with.</summary>
    public static KeyUsage NoneOf(KeyVersion version) =>
        new() { VersionId = version.Id, TenantId = version.TenantId, Used = 0, RowVersion = 1 };

    void ISealedRow.WriteSealedColumns(CanonicalWriter writer) =>
        writer.Add(VersionId.Value).Add(TenantId.Value).Add(Used).Add(LastUsedAt).Add(RowVersion);
}

/// <summary>Counters of uses in the database.</summary>
internal interface IKeyUsageRepository
{
    /// <summary>The counter of a version, held until the unit ends; null when there is none.</summary>
    Task<Sealed<KeyUsage>?> LockAsync(IKmsSession session, TenantId tenantId, KeyVersionId versionId);

    /// <summary>The counter of the version of a key that was used last, to the counters' knowledge; null when none was used.</summary>
    Task<Sealed<KeyUsage>?> FindNewestAsync(IKmsSession session, TenantId tenantId, KeyId keyId);

    /// <summary>Adds a counter; false when there is one, which stays as it is.</summary>
    Task<bool> InsertAsync(IKmsSession session, Sealed<KeyUsage> usage);

    /// <summary>
    /// Writes a counter whose <see cref="KeyUsage.RowVersion"/> was raised by one; false when the row is not the one that was read.
    /// </summary>
    Task<bool> UpdateAsync(IKmsSession session, Sealed<KeyUsage> usage);
}
