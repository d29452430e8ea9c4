using System.ComponentModel;
using System.Text.Json.Serialization;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Api.Keys;
using Qkms.Core.Administration;
using Qkms.Core.Idempotency;

namespace Qkms.Api.Tenants;

internal sealed record UpdateTenantRequest(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), TenantNameField]
    [property: Description("A name for people, unique in the installation.")]
    TextMember Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), PlanField, Description("The plan whose limits hold.")]
    TextMember Plan);

internal sealed class UpdateTenantRequestValidator : AbstractValidator<UpdateTenantRequest>
{
    public UpdateTenantRequestValidator()
    {
        RuleFor(r => r.Name.Text).IsTenantName().OverridePropertyName("name").When(r => r.Name.IsGiven);
        RuleFor(r => r.Plan.Text).IsPlan().OverridePropertyName("plan").When(r => r.Plan.IsGiven);
    }
}

internal static class UpdateTenant
{
    public static void MapUpdateTenant(this RouteGroupBuilder tenants) =>
        tenants.MapPatch("/{tenant_id}", HandleAsync)
            .WithName("UpdateTenant")
            .WithSummary("Changes name and plan of a tenant by a merge patch (RFC 7396).")
            .WithDescription(
                "What the request does not name stays. A plan holds for the next request here, and within a second on other nodes. "
                + "A smaller one deletes nothing: what is there beyond its limits stays, and no more of it can be made.")
            .WithRequestExample("""{"plan":"growth"}""")
            .WithMetadata(new BodyType(UpdateKey.MediaType))
            .WithValidation<UpdateTenantRequest, UpdateTenantRequestValidator>()
            .Refuses(KmsErrors.NotFound, KmsErrors.TenantNameTaken, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<Reply<TenantResponse>> HandleAsync(
        [FromRoute(Name = "tenant_id"), TenantIdField, ParameterExample(TenantPath.Pasted), Description("The id of the tenant.")]
        string id,
        UpdateTenantRequest request,
        Caller caller,
        TenantAdministration tenants,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        Done<TenantInfo> done = await tenants.UpdateAsync(
            caller, TenantPath.Read(id), request.Name.Text, request.Plan.Text, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Ok(TenantResponse.From(done.Result));
    }
}
