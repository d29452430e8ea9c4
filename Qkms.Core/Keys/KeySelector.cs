using Qkms.Core.Algorithms;
using Qkms.Core.Callers;

namespace Qkms.Core.Keys;

/// <summary>Which logical key of the caller's own tenant is meant.</summary>
/// <param name="Algorithm">The algorithm.</param>
/// <param name="Name">The name.</param>
/// <param name="Use">The use.</param>
internal sealed record KeySelector(KeyAlgorithm Algorithm, KeyName Name, KeyUse Use)
{
    /// <summary>The address of the key, if the caller may touch keys of this name.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.NotPermitted"/>.</exception>
    public KeyAddress For(Caller caller)
    {
        caller.Touch(Algorithm, Use);
        caller.Asked = new AskedKey(null, Version: null, Name, Algorithm.Name);
        caller.RequireKey(Name);
        return new KeyAddress(caller.TenantId, KeyOwner.Tenant, Name, Algorithm, Use);
    }
}
