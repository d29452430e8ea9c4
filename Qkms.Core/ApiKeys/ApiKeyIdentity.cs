using Qkms.Core.Callers;
using Qkms.Core.Tenants;

namespace Qkms.Core.ApiKeys;

/// <summary>Whom an API key proves, as the database said a moment ago.</summary>
internal sealed class ApiKeyIdentity
{
    internal ApiKeyIdentity(Credential credential, Tenant tenant)
    {
        (Credential, Tenant) = (credential, tenant);
        Access = new Access(credential.Roles, credential.Permissions, credential.KeyScope);
    }

    /// <summary>The tenant that it speaks for.</summary>
    public TenantId TenantId => Tenant.Id;

    /// <summary>The plan of the tenant.</summary>
    public string Plan => Tenant.Plan;

    /// <summary>The API key.</summary>
    public CredentialId CredentialId => Credential.Id;

    /// <summary>What it may do.</summary>
    public Access Access { get; }

    internal Credential Credential { get; }

    internal Tenant Tenant { get; }
}
