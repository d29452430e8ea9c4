namespace Qkms.Core.ApiKeys;

/// <summary>Whether a credential may be used. The numbers are sealed into rows and never change.</summary>
public enum CredentialState
{
    /// <summary>It may.</summary>
    Active = 1,

    /// <summary>Switched off, and can be switched on again.</summary>
    Disabled = 2,

    /// <summary>Withdrawn for good.</summary>
    Revoked = 3,
}
