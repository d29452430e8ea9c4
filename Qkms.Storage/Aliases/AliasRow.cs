using Qkms.Core.Aliases;
using Qkms.Storage.Journal;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Aliases;

/// <summary>A row of <c>aliases</c>.</summary>
internal sealed class AliasRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "tenant_id, name, key_id, created_at, updated_at, row_version, seal, seal_key_id";

    /// <summary>The same of a query that calls the table <c>a</c>.</summary>
    public const string ColumnsOfA =
        "a.tenant_id, a.name, a.key_id, a.created_at, a.updated_at, a.row_version, a.seal, a.seal_key_id";

    public byte[] TenantId { get; init; } = [];

    public string Name { get; init; } = "";

    public byte[] KeyId { get; init; } = [];

    public long CreatedAt { get; init; }

    public long UpdatedAt { get; init; }

    public long RowVersion { get; init; }

    public byte[] Seal { get; init; } = [];

    public byte[]? SealKeyId { get; init; }

    public static AliasRow From(Sealed<Alias> stored)
    {
        Alias alias = stored.UnverifiedRow;
        return new AliasRow
        {
            TenantId = alias.TenantId.Value.ToBytes(),
            Name = alias.Name.Value,
            KeyId = alias.KeyId.Value.ToBytes(),
            CreatedAt = alias.CreatedAt.ToStored(),
            UpdatedAt = alias.UpdatedAt.ToStored(),
            RowVersion = alias.RowVersion,
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
        };
    }

    public Sealed<Alias> ToSealed()
    {
        StoredRowReader read = new();
        Alias alias = new()
        {
            TenantId = new TenantId(read.Id(TenantId)),
            Name = AliasName.FromStored(Name),
            KeyId = new KeyId(read.Id(KeyId)),
            CreatedAt = read.Time(CreatedAt),
            UpdatedAt = read.Time(UpdatedAt),
            RowVersion = RowVersion,
        };
        return read.Seal(alias, Seal, SealKeyId);
    }
}

/// <summary>An alias, and behind it the newest event about it.</summary>
internal static class AliasWithEvent
{
    /// <summary>The columns of the event of a query that calls it <c>e</c>; they begin with its <c>id</c>.</summary>
    public const string EventColumns =
        """
        e.id, e.tenant_id, e.stream, e.position, e.time, e.action, e.actor_kind, e.actor_id, e.key_id, e.kid, e.key_version,
          e.from_state, e.to_state, e.reason, e.request_id, e.server_request_id, e.row_seal, e.key_seal, e.previous_hash, e.canonical,
          e.leaf_hash, e.mac, e.mac_key_id
        """;

    /// <summary>
    /// The events of an index that has this very condition. Nothing of stream and position: SQLite would take the index of those, and read
    /// all of the journal. Such events are in the life cycle only; what somebody writes elsewhere has no HMAC that holds there.
    /// </summary>
    public const string Events = "action IN ('alias.created', 'alias.updated', 'alias.deleted')";

    public static StoredAlias ToStored(string name, AliasRow? row, JournalRow? newest) =>
        new(AliasName.FromStored(name), row?.ToSealed(), newest?.ToEvent());
}
