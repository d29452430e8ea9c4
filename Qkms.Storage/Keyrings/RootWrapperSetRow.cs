using Qkms.Core.Keyrings;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Keyrings;

/// <summary>The row of <c>root_wrapper_set</c>.</summary>
internal sealed class RootWrapperSetRow
{
    /// <summary>The columns in the order in which they are read.</summary>
    public const string Columns = "only_row, master_key_id, epoch, mac";

    public long OnlyRow { get; init; } = 1;

    public byte[] MasterKeyId { get; init; } = [];

    public long Epoch { get; init; }

    public byte[] Mac { get; init; } = [];

    public static RootWrapperSetRow From(RootWrapperSet set) =>
        new() { MasterKeyId = set.MasterKeyId.ToBytes(), Epoch = set.Epoch, Mac = set.Mac };

    public RootWrapperSet ToSet() => new(new StoredRowReader().Id(MasterKeyId), Epoch, Mac);
}
