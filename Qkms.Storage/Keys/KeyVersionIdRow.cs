namespace Qkms.Storage.Keys;

/// <summary>What names a row of <c>key_versions</c>.</summary>
internal sealed class KeyVersionIdRow
{
    public byte[] TenantId { get; init; } = [];

    public byte[] Id { get; init; } = [];

    public (TenantId TenantId, KeyVersionId VersionId) ToIds() =>
        (new TenantId(new Guid(TenantId, bigEndian: true)), new KeyVersionId(new Guid(Id, bigEndian: true)));
}
