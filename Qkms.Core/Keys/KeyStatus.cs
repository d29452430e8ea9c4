namespace Qkms.Core.Keys;

/// <summary>
/// The status of a key version as callers see it: the stored state, or what other columns decide: expired by time and usage, waiting for
/// destruction by its date.
/// </summary>
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

    /// <summary>Does nothing, and its material is erased on its date unless that is cancelled.</summary>
    PendingDestruction,

    /// <summary>Does nothing, and its material is erased.</summary>
    Destroyed,
}
