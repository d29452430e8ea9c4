namespace Qkms.Core.Names;

/// <summary>The id of a tenant. It comes from the API key, never from a request's body.</summary>
public readonly record struct TenantId(Guid Value)
{
    /// <summary>The UUID.</summary>
    public override string ToString() => Value.ToString();
}
