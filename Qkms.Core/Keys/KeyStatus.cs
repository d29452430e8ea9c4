namespace Qkms.Core.Keys;

/// <summary>The status of a key version as callers see it: the stored state, or expired, which time and usage decide.</summary>
public enum KeyStatus
{
    /// <summary>May do everything.</summary>
    Active,

    /// <summary>Decrypts and verifies.</summary>
    Retired,

    /// <summary>Its time or its uses are over.</summary>
    Expired,

    /// <summary>Does nothing.</summary>
    Revoked,

    /// <summary>Does nothing, and its material is erased.</summary>
    Destroyed,
}
