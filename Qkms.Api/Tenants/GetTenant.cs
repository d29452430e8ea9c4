using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Administration;

namespace Qkms.Api.Tenants;

internal static class GetTenant
{
    public const string RouteName = "GetTenant";

    public static void MapGetTenant(this RouteGroupBuilder tenants) =>
        tenants.MapGet("/{tenant_id}", HandleAsync)
            .WithName(RouteName)
            .WithSummary("Shows one tenant; nothing of its keys.")
            .Refuses(KmsErrors.NotFound);

    private static async Task<Reply<TenantResponse>> HandleAsync(
        [FromRoute(Name = "tenant_id"), TenantIdField, ParameterExample(TenantPath.Pasted), Description("The id of the tenant.")]
        string id,
        TenantReader tenants,
        CancellationToken cancellationToken) =>
        Reply.Ok(TenantResponse.From(await tenants.GetAsync(TenantPath.Read(id), cancellationToken)));
}
