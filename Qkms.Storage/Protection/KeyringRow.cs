using Qkms.Core.Protection;
using Qkms.Core.Tenants;

namespace Qkms.Storage.Protection;

/// <summary>A row of <c>keyring</c>.</summary>
internal sealed class KeyringRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "id, kind, tenant_id, version, master_key_id, wrapped, created_at";

    public byte[] Id { get; init; } = [];

    public int Kind { get; init; }

    public byte[]? TenantId { get; init; }

    public int Version { get; init; }

    public byte[] MasterKeyId { get; init; } = [];

    public byte[] Wrapped { get; init; } = [];

    public long CreatedAt { get; init; }

    public static KeyringRow From(KeyringEntry entry) => new()
    {
        Id = entry.Id.ToBytes(),
        Kind = (int)entry.Kind,
        TenantId = entry.TenantId?.Value.ToBytes(),
        Version = entry.Version,
        MasterKeyId = entry.MasterKeyId.ToBytes(),
        Wrapped = entry.Wrapped,
        CreatedAt = entry.CreatedAt.ToStored(),
    };

    public KeyringEntry ToEntry() => new(
        new Guid(Id, bigEndian: true),
        (KeyringKind)Kind,
        TenantId is null ? null : new TenantId(new Guid(TenantId, bigEndian: true)),
        Version,
        new Guid(MasterKeyId, bigEndian: true),
        Wrapped,
        DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt));
}
