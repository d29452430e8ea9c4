namespace Qkms.Core.Keys;

/// <summary>Whose key of a tenant it is: the tenant's own, or one of a thing that the tenant has.</summary>
/// <param name="Kind">The kind of owner; empty for the tenant itself.</param>
/// <param name="Id">Its id; empty for the tenant itself.</param>
public readonly record struct KeyOwner(string Kind, string Id)
{
    /// <summary>The tenant itself.</summary>
    public static readonly KeyOwner Tenant = new("", "");
}
