using Qkms.Core.Keys;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Keys;

/// <summary>What names a row of <c>key_versions</c>.</summary>
internal class KeyVersionIdRow
{
    public byte[] TenantId { get; init; } = [];

    public byte[] Id { get; init; } = [];

    public DueVersion ToDue()
    {
        StoredRowReader read = new();
        (Guid tenant, Guid id) = (read.Id(TenantId), read.Id(Id));
        return new DueVersion(Id, read.IsDamaged ? null : (new TenantId(tenant), new KeyVersionId(id)));
    }
}
