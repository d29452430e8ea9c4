using Qkms.Core.Protection;

namespace Qkms.Storage.Protection;

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

    public RootWrapper ToWrapper() => new(
        new Guid(MasterKeyId, bigEndian: true),
        new Guid(WrapperId, bigEndian: true),
        Kind,
        RootKeyId,
        Wrapped,
        DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt));
}
