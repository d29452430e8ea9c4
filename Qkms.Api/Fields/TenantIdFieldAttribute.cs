namespace Qkms.Api.Fields;

/// <summary>The id of a tenant, in a path.</summary>
internal sealed class TenantIdFieldAttribute : FieldAttribute
{
    public TenantIdFieldAttribute() => (Pattern, MaxLength) = ("^[A-Za-z0-9-]+$", 36);
}
