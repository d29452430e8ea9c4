namespace Qkms.Core.Keys;

/// <summary>Whether a logical key may be used at all. The numbers are sealed into rows and never change.</summary>
public enum KeyEnablement
{
    /// <summary>Its versions decide.</summary>
    Enabled = 1,

    /// <summary>Switched off, and can be switched on again.</summary>
    Disabled = 2,

    /// <summary>Waits for its destruction.</summary>
    PendingDeletion = 3,

    /// <summary>Waits for material from outside.</summary>
    PendingImport = 4,
}
