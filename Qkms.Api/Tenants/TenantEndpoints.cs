namespace Qkms.Api.Tenants;

/// <summary>The tenants of the installation, for operators.</summary>
internal static class TenantEndpoints
{
    private const string Tag = "Tenants";
    private const string Purpose = "Make, list, show, change, suspend, resume and delete tenants: for operators.";

    /// <summary>The address of what a route creates.</summary>
    public static readonly LocationMetadata NewTenant =
        new("The address of the tenant that was made.", "/tenants/0198f5c2-7d1a-71c5-8d0e-3b94f6a2e817");

    public static IEndpointRouteBuilder MapTenants(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder tenants = app.MapGroup("/tenants").WithTag(Tag, Purpose);
        tenants.MapCreateTenant();
        tenants.MapListTenants();

        // In the order of a tenant's life: the route with its end comes last.
        tenants.MapTenantActions();
        tenants.MapGetTenant();
        tenants.MapUpdateTenant();
        tenants.MapDeleteTenant();
        return app;
    }
}
