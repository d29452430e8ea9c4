using Qkms.Core.Tags;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Tags;

/// <summary>A row of <c>key_tags</c>.</summary>
internal sealed class KeyTagRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "tenant_id, key_id, tags, row_version, seal, seal_key_id";

    public byte[] TenantId { get; init; } = [];

    public byte[] KeyId { get; init; } = [];

    public string Tags { get; init; } = "";

    public long RowVersion { get; init; }

    public byte[] Seal { get; init; } = [];

    public byte[]? SealKeyId { get; init; }

    public static KeyTagRow From(Sealed<KeyTags> stored)
    {
        KeyTags tags = stored.UnverifiedRow;
        return new KeyTagRow
        {
            TenantId = tags.TenantId.Value.ToBytes(),
            KeyId = tags.KeyId.Value.ToBytes(),
            Tags = tags.Text,
            RowVersion = tags.RowVersion,
            Seal = StoredSeal.WithoutKeyId(stored.Seal),
            SealKeyId = StoredSeal.KeyId(stored.Seal),
        };
    }

    public Sealed<KeyTags> ToSealed()
    {
        StoredRowReader read = new();
        KeyTags tags = new()
        {
            TenantId = new TenantId(read.Id(TenantId)),
            KeyId = new KeyId(read.Id(KeyId)),
            Text = Tags,
            RowVersion = RowVersion,
        };
        return read.Seal(tags, Seal, SealKeyId);
    }
}
