namespace Qkms.Core.Callers;

/// <summary>The roles of a credential; it may hold several. The numbers are sealed into rows and never change.</summary>
[Flags]
internal enum Roles
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Uses keys, and reads.</summary>
    User = 1,

    /// <summary>Reads only.</summary>
    Auditor = 2,

    /// <summary>Runs its tenant: keys, API keys, audit.</summary>
    Admin = 4,

    /// <summary>Runs the installation: tenants and plans, not the use of other tenants' keys.</summary>
    Operator = 8,
}
