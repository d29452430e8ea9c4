using Qkms.Core.Algorithms;
using Qkms.Core.Keys;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Keys;

/// <summary>A row of <c>key_material</c>.</summary>
internal sealed class KeyMaterialRow
{
    public byte[] VersionId { get; init; } = [];

    public byte[] TenantId { get; init; } = [];

    public byte[] WrappingKeyId { get; init; } = [];

    public long Format { get; init; }

    public byte[] Wrapped { get; init; } = [];

    /// <summary>Whether the key was written over with zeros; a wrapped key begins with its format, which is none.</summary>
    public bool IsErased => !Wrapped.AsSpan().ContainsAnyExcept((byte)0);

    public static KeyMaterialRow From(KeyMaterial material) => new()
    {
        VersionId = material.VersionId.Value.ToBytes(),
        TenantId = material.TenantId.Value.ToBytes(),
        WrappingKeyId = material.WrappingKeyId.ToBytes(),
        Format = (int)material.Format,
        Wrapped = material.Wrapped,
    };

    public KeyMaterial ToMaterial()
    {
        StoredRowReader read = new();
        (Guid version, Guid tenant, Guid wrappingKey, int format) =
            (read.Id(VersionId), read.Id(TenantId), read.Id(WrappingKeyId), read.Number(Format));
        return new KeyMaterial(new KeyVersionId(version), new TenantId(tenant), wrappingKey, (MaterialFormat)format, read.Wrapped(Wrapped));
    }
}
