using Qkms.Core.Keyrings;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Keyrings;

/// <summary>A row of <c>keyring</c>.</summary>
internal sealed class KeyringRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "id, kind, tenant_id, version, master_key_id, state, wrapped, created_at";

    public byte[] Id { get; init; } = [];

    public long Kind { get; init; }

    public byte[]? TenantId { get; init; }

    public long Version { get; init; }

    public byte[] MasterKeyId { get; init; } = [];

    public long State { get; init; }

    public byte[] Wrapped { get; init; } = [];

    public long CreatedAt { get; init; }

    public static KeyringRow From(KeyringEntry entry) => new()
    {
        Id = entry.Id.ToBytes(),
        Kind = (int)entry.Kind,
        TenantId = entry.TenantId?.Value.ToBytes(),
        Version = entry.Version,
        MasterKeyId = entry.MasterKeyId.ToBytes(),
        State = (int)entry.State,
        Wrapped = entry.Wrapped,
        CreatedAt = entry.CreatedAt.ToStored(),
    };

    public KeyringEntry ToEntry()
    {
        StoredRowReader read = new();
        (Guid id, int kind, Guid? tenant, int version, Guid masterKey, int state) = (
            read.Id(Id),
            read.Number(Kind),
            read.OptionalId(TenantId),
            read.Number(Version),
            read.Id(MasterKeyId),
            read.Number(State));
        return new KeyringEntry(
            id,
            (KeyringKind)kind,
            tenant is { } owner ? new TenantId(owner) : null,
            version,
            masterKey,
            (KeyringState)state,
            read.Wrapped(Wrapped),

            // For people: a damaged one keeps no key from opening.
            new StoredRowReader().Time(CreatedAt));
    }
}
