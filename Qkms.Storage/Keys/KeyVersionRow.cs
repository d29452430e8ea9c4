using Qkms.Core.Algorithms;
using Qkms.Core.Keys;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Keys;

/// <summary>A row of <c>key_versions</c>, with the counter of <c>key_usage</c>.</summary>
internal sealed class KeyVersionRow
{
    /// <summary>The columns in the order in which they are read. A version without a counter row has no uses.</summary>
    public const string Columns = $"{ColumnsWithoutUses}, COALESCE(u.used, 0) AS used, u.last_used_at";

    /// <summary>The same of a table or query that has them all, the uses too.</summary>
    public const string ColumnsAgain = $"{ColumnsWithoutUses}, v.used, v.last_used_at";

    /// <summary>The same without the counter.</summary>
    public const string ColumnsWithoutUses =
        """
        v.id, v.key_id, v.tenant_id, v.owner_kind, v.owner_id, v.name, v.algorithm, v.use, v.kid, v.version, v.spelling,
          v.state, v.oaep_hash, v.public_key, v.soft_usage_limit, v.max_usage_limit, v.soft_limit_expiration, v.expires_at,
          v.process_until, v.auto_rotate, v.previous_kid, v.next_kid, v.created_at, v.retired_at, v.revoked_at, v.destroyed_at,
          v.destroy_at, v.destroy_ordered_at, v.labels, v.row_version, v.seal, v.seal_key_id
        """;

    public byte[] Id { get; init; } = [];

    public byte[] KeyId { get; init; } = [];

    public byte[] TenantId { get; init; } = [];

    public string OwnerKind { get; init; } = "";

    public string OwnerId { get; init; } = "";

    public string Name { get; init; } = "";

    public string Algorithm { get; init; } = "";

    public long Use { get; init; }

    public string Kid { get; init; } = "";

    public long Version { get; init; }

    public string Spelling { get; init; } = "";

    public long State { get; init; }

    public string? OaepHash { get; init; }

    public byte[] PublicKey { get; init; } = [];

    public long? SoftUsageLimit { get; init; }

    public long? MaxUsageLimit { get; init; }

    public long? SoftLimitExpiration { get; init; }

    public long? ExpiresAt { get; init; }

    public long? ProcessUntil { get; init; }

    public long AutoRotate { get; init; }

    public string? PreviousKid { get; init; }

    public string? NextKid { get; init; }

    public long CreatedAt { get; init; }

    public long? RetiredAt { get; init; }

    public long? RevokedAt { get; init; }

    public long? DestroyedAt { get; init; }

    public long? DestroyAt { get; init; }

    public long? DestroyOrderedAt { get; init; }

    public string? Labels { get; init; }

    public long RowVersion { get; init; }

    public byte[] Seal { get; init; } = [];

    public byte[]? SealKeyId { get; init; }

    public long Used { get; init; }

    public long? LastUsedAt { get; init; }

    /// <summary>The properties that belong to the counter, and to no column of <c>key_versions</c>.</summary>
    public static readonly string[] OfCounter = [nameof(Used), nameof(LastUsedAt)];

    public static KeyVersionRow From(Sealed<KeyVersion> stored)
    {
        KeyVersion version = stored.UnverifiedRow;
        return new KeyVersionRow
        {
            Id = version.Id.Value.ToBytes(),
            KeyId = version.KeyId.Value.ToBytes(),
            TenantId = version.TenantId.Value.ToBytes(),
            OwnerKind = version.Address.Owner.Kind,
            OwnerId = version.Address.Owner.Id,
            Name = version.Address.Name.Value,
            Algorithm = version.Algorithm.Name,
            Use = (int)version.Use,
            Kid = version.Kid.Value,
            Version = version.Version,
            Spelling = version.Spelling,
            State = (int)version.State,
            OaepHash = version.OaepHash,
            PublicKey = version.PublicKey,
            SoftUsageLimit = version.SoftUsageLimit,
            MaxUsageLimit = version.MaxUsageLimit,
            SoftLimitExpiration = version.SoftLimitExpiration.ToStored(),
            ExpiresAt = version.ExpiresAt.ToStored(),
            ProcessUntil = version.ProcessUntil.ToStored(),
            AutoRotate = version.AutoRotate ? 1 : 0,
            PreviousKid = version.PreviousKid?.Value,
            NextKid = version.NextKid?.Value,
            CreatedAt = version.CreatedAt.ToStored(),
            RetiredAt = version.RetiredAt.ToStored(),
            RevokedAt = version.RevokedAt.ToStored(),
            DestroyedAt = version.DestroyedAt.ToStored(),
            DestroyAt = version.DestroyAt.ToStored(),
            DestroyOrderedAt = version.DestroyOrderedAt.ToStored(),
            Labels = version.Labels.Text,
            RowVersion = version.RowVersion,
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
            Used = version.Used,
            LastUsedAt = version.LastUsedAt.ToStored(),
        };
    }

    public Sealed<KeyVersion> ToSealed()
    {
        StoredRowReader read = new();
        KeyVersion version = new()
        {
            Id = new KeyVersionId(read.Id(Id)),
            KeyId = new KeyId(read.Id(KeyId)),
            Address = new KeyAddress(
                new TenantId(read.Id(TenantId)),
                new KeyOwner(OwnerKind, OwnerId),
                KeyName.FromStored(Name),
                read.Algorithm(Algorithm),
                (KeyUse)read.Number(Use)),
            Kid = Core.Names.Kid.FromStored(Kid),
            Version = read.Number(Version),
            Spelling = Spelling,
            State = (KeyState)read.Number(State),
            OaepHash = OaepHash,
            PublicKey = PublicKey,
            SoftUsageLimit = SoftUsageLimit,
            MaxUsageLimit = MaxUsageLimit,
            SoftLimitExpiration = read.OptionalTime(SoftLimitExpiration),
            ExpiresAt = read.OptionalTime(ExpiresAt),
            ProcessUntil = read.OptionalTime(ProcessUntil),
            AutoRotate = AutoRotate != 0,
            PreviousKid = OptionalKid(PreviousKid),
            NextKid = OptionalKid(NextKid),
            CreatedAt = read.Time(CreatedAt),
            RetiredAt = read.OptionalTime(RetiredAt),
            RevokedAt = read.OptionalTime(RevokedAt),
            DestroyedAt = read.OptionalTime(DestroyedAt),
            DestroyAt = read.OptionalTime(DestroyAt),
            DestroyOrderedAt = read.OptionalTime(DestroyOrderedAt),
            Labels = new KeyLabels(Labels),
            RowVersion = RowVersion,
            Used = Used,
            LastUsedAt = read.OptionalTime(LastUsedAt),
        };
        return read.Seal(version, Seal, SealKeyId);
    }

    private static Kid? OptionalKid(string? column) => column is null ? null : Core.Names.Kid.FromStored(column);
}
