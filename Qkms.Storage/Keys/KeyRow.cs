using Qkms.Core.Algorithms;
using Qkms.Core.Keys;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Keys;

/// <summary>A row of <c>keys</c>.</summary>
internal sealed class KeyRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns =
        """
        id, tenant_id, owner_kind, owner_id, name, algorithm, use, origin, state, delete_at, delete_ordered_at, description,
        rotation_period, next_rotation_at, next_version, active_kid, version_count, destroyed_count, version_states, row_version,
        created_at, seal, seal_key_id
        """;

    /// <summary>
    /// The same of <c>keys k</c>, behind the columns of a version; the id comes first, where both part. With the seal of the row that the
    /// newest event about the key left behind, of the same moment: not for a row that is locked, which may be newer than what is read
    /// beside.
    /// </summary>
    public const string ColumnsBehind =
        """
        k.id, k.tenant_id, k.owner_kind, k.owner_id, k.name, k.algorithm, k.use, k.origin, k.state, k.delete_at, k.delete_ordered_at,
          k.description,
          k.rotation_period, k.next_rotation_at, k.next_version, k.active_kid, k.version_count, k.destroyed_count, k.version_states,
          k.row_version, k.created_at, k.seal, k.seal_key_id,
          (SELECT e.key_seal
           FROM audit_events e
           WHERE e.tenant_id = k.tenant_id AND e.stream = 1 AND e.key_id = k.id AND e.key_id IS NOT NULL AND e.key_seal IS NOT NULL
           ORDER BY e.position DESC
           LIMIT 1) AS told_seal
        """;

    public byte[] Id { get; init; } = [];

    public byte[] TenantId { get; init; } = [];

    public string OwnerKind { get; init; } = "";

    public string OwnerId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Algorithm { get; init; } = "";

    public long Use { get; init; }

    public string Origin { get; init; } = "";

    public long State { get; init; }

    public long? DeleteAt { get; init; }

    public long? DeleteOrderedAt { get; init; }

    public string? Description { get; init; }

    public long? RotationPeriod { get; init; }

    public long? NextRotationAt { get; init; }

    public long NextVersion { get; init; }

    public string? ActiveKid { get; init; }

    public long VersionCount { get; init; }

    public long DestroyedCount { get; init; }

    public string VersionStates { get; init; } = "";

    public long RowVersion { get; init; }

    public long CreatedAt { get; init; }

    public byte[] Seal { get; init; } = [];

    public byte[]? SealKeyId { get; init; }

    public byte[]? ToldSeal { get; init; }

    /// <summary>
    /// Whether it is the row that the newest event about the key left behind, or there is no such event; only where that was read.
    /// </summary>
    public bool IsNewest => ToldSeal is not { } told || told.AsSpan().SequenceEqual(StoredSeal.Join(Seal, SealKeyId));

    /// <summary>The properties that belong to the journal, and to no column of <c>keys</c>.</summary>
    public static readonly string[] OfJournal = [nameof(ToldSeal)];

    public static KeyRow From(Sealed<Key> stored)
    {
        Key key = stored.UnverifiedRow;
        return new KeyRow
        {
            Id = key.Id.Value.ToBytes(),
            TenantId = key.TenantId.Value.ToBytes(),
            OwnerKind = key.Address.Owner.Kind,
            OwnerId = key.Address.Owner.Id,
            Name = key.Address.Name.Value,
            Algorithm = key.Address.Algorithm.Name,
            Use = (int)key.Address.Use,
            Origin = key.Origin,
            State = (int)key.Enablement,
            DeleteAt = key.DeleteAt.ToStored(),
            DeleteOrderedAt = key.DeleteOrderedAt.ToStored(),
            Description = key.Description,
            RotationPeriod = (long?)key.RotationPeriod?.TotalMilliseconds,
            NextRotationAt = key.NextRotationAt.ToStored(),
            NextVersion = key.NextVersion,
            ActiveKid = key.ActiveKid?.Value,
            VersionCount = key.VersionCount,
            DestroyedCount = key.DestroyedCount,
            VersionStates = key.States.Text,
            RowVersion = key.RowVersion,
            CreatedAt = key.CreatedAt.ToStored(),
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
        };
    }

    public Sealed<Key> ToSealed()
    {
        StoredRowReader read = new();
        Key key = new()
        {
            Id = new KeyId(read.Id(Id)),
            Address = new KeyAddress(
                new TenantId(read.Id(TenantId)),
                new KeyOwner(OwnerKind, OwnerId),
                KeyName.FromStored(Name),
                read.Algorithm(Algorithm),
                (KeyUse)read.Number(Use)),
            Origin = Origin,
            Enablement = (KeyEnablement)read.Number(State),
            DeleteAt = read.OptionalTime(DeleteAt),
            DeleteOrderedAt = read.OptionalTime(DeleteOrderedAt),
            Description = Description,
            RotationPeriod = read.OptionalPeriod(RotationPeriod),
            NextRotationAt = read.OptionalTime(NextRotationAt),
            NextVersion = read.Number(NextVersion),
            ActiveKid = ActiveKid is null ? null : Kid.FromStored(ActiveKid),
            VersionCount = read.Number(VersionCount),
            DestroyedCount = read.Number(DestroyedCount),
            States = new Core.Keys.VersionStates(VersionStates),
            RowVersion = RowVersion,
            CreatedAt = read.Time(CreatedAt),
        };
        return read.Seal(key, Seal, SealKeyId);
    }
}
