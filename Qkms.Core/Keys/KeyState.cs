namespace Qkms.Core.Keys;

/// <summary>The state of a key version as it is stored. The numbers are sealed into rows and never change.</summary>
public enum KeyState
{
    /// <summary>In use; at most one version of a key.</summary>
    Active = 1,

    /// <summary>Superseded: decrypts and verifies, and no longer encrypts or signs.</summary>
    Retired = 2,

    /// <summary>Withdrawn for good; its material stays as evidence.</summary>
    Revoked = 3,

    /// <summary>Its material is erased.</summary>
    Destroyed = 4,
}
