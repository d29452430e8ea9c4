using Qkms.Core.Algorithms;
using Qkms.Core.Callers;

namespace Qkms.Core.Keys;

/// <summary>Which logical key of the caller's own tenant is meant.</summary>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Name">The name.</param>
/// <param name="Use">The use.</param>
internal sealed record KeySelector(KeyAlgorithm Algorithm, KeyName Name, KeyUse Use)
{
    /// <summary>The address of a key that is there, if the caller may touch keys of this name.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="version">The number that is asked for; null = the active version.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.KeyVersionNotFound"/>, as if there were no key of that name.</exception>
    public KeyAddress For(Caller caller, int? version = null)
    {
        KeyAddress address = AddressIn(caller, version);
        return caller.Access.Covers(Name) ? address : throw MissingKeys.NothingThere(new MissingKey(address, version));
    }

    /// <summary>The address of a key that may be made, if the caller may touch keys of this name.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotPermitted"/>.</exception>
    public KeyAddress ForNew(Caller caller)
    {
        KeyAddress address = AddressIn(caller, version: null);
        caller.RequireNewKey(Name);
        return address;
    }

    private KeyAddress AddressIn(Caller caller, int? version)
    {
        caller.Touch(Algorithm, Use);
        caller.Asked = new AskedKey(null, version, Name, Algorithm.Name);
        return new KeyAddress(caller.TenantId, KeyOwner.Tenant, Name, Algorithm, Use);
    }
}
