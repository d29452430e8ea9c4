using Qkms.Core.Keyrings;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Keyrings;

/// <summary>A row of <c>root_wrappers</c>.</summary>
internal sealed class RootWrapperRow
{
    public byte[] MasterKeyId { get; init; } = [];

    public byte[] WrapperId { get; init; } = [];

    public string Kind { get; init; } = "";

    public string RootKeyId { get; init; } = "";

    public byte[] Wrapped { get; init; } = [];

    public long CreatedAt { get; init; }

    public static RootWrapperRow From(RootWrapper wrapper) => new()
    {
        MasterKeyId = wrapper.MasterKeyId.ToBytes(),
        WrapperId = wrapper.WrapperId.ToBytes(),
        Kind = wrapper.Kind,
        RootKeyId = wrapper.RootKeyId,
        Wrapped = wrapper.Wrapped,
        CreatedAt = wrapper.CreatedAt.ToStored(),
    };

    public RootWrapper ToWrapper()
    {
        StoredRowReader read = new();
        (Guid masterKey, Guid wrapper) = (read.Id(MasterKeyId), read.Id(WrapperId));

        // The time is for people: a damaged one keeps no key from opening.
        return new RootWrapper(masterKey, wrapper, Kind, RootKeyId, read.Wrapped(Wrapped), new StoredRowReader().Time(CreatedAt));
    }
}
