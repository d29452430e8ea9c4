using Qkms.Core.Keys;

namespace Qkms.Storage.Keys;

/// <summary>The parameters of a look-up by address and number.</summary>
internal sealed class KeyVersionParameters(KeyAddress address, int version) : KeyAddressParameters(address)
{
    public int Version { get; } = version;
}
