namespace Qkms.Core.Tenants;

/// <summary>Whether a tenant may use the service. The numbers are sealed into rows and never change.</summary>
public enum TenantState
{
    /// <summary>It may.</summary>
    Active = 1,

    /// <summary>It may not, until an operator says otherwise; nothing of it is lost.</summary>
    Suspended = 2,
}
