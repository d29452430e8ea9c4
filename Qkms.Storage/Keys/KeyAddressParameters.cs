using Qkms.Core.Keys;
using Qkms.Storage.Rows;

namespace Qkms.Storage.Keys;

/// <summary>The parameters of a look-up by address.</summary>
internal class KeyAddressParameters(KeyAddress address)
{
    public byte[] TenantId { get; } = address.TenantId.Value.ToBytes();

    public string OwnerKind { get; } = address.Owner.Kind;

    public string OwnerId { get; } = address.Owner.Id;

    public string Name { get; } = address.Name.Value;

    public string Algorithm { get; } = address.Algorithm.Name;

    public int Use { get; } = (int)address.Use;
}
