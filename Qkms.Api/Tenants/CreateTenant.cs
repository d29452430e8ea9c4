using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using FluentValidation;
using Qkms.Api.Idempotency;
using Qkms.Core.Administration;
using Qkms.Core.Idempotency;

namespace Qkms.Api.Tenants;

internal sealed record CreateTenantRequest(
    [property: Required, TenantNameField, Description("A name for people, unique in the installation.")] string? Name,
    [property: Required, PlanField, Description("The plan whose limits hold.")] string? Plan);

internal sealed class CreateTenantRequestValidator : AbstractValidator<CreateTenantRequest>
{
    public CreateTenantRequestValidator()
    {
        RuleFor(r => r.Name).IsTenantName();
        RuleFor(r => r.Plan).IsPlan();
    }
}

internal static class CreateTenant
{
    public static void MapCreateTenant(this RouteGroupBuilder tenants) =>
        tenants.MapPost("", HandleAsync)
            .WithName("CreateTenant")
            .WithSummary("Makes a tenant and its first API key, and shows that this once.")
            .WithDescription(
                "The API key has the role `admin`: hand it to whoever runs the tenant, and it makes all others. Qkms keeps a hash of it. "
                + "If the response is lost, a repeated request with the same `Idempotency-Key` makes no second tenant and shows `api_key` "
                + "as null: make an API key on the host, or another tenant.")
            .WithRequestExample("""{"name":"Orders, production","plan":"starter"}""")
            .WithValidation<CreateTenantRequest, CreateTenantRequestValidator>()
            .WithMetadata(TenantEndpoints.NewTenant)
            .Refuses(KmsErrors.TenantNameTaken, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<CreatedReply<CreatedTenantResponse>> HandleAsync(
        CreateTenantRequest request, Caller caller, TenantAdministration tenants, HttpContext http, CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        Done<NewTenantResult> done = await tenants.CreateAsync(caller, request.Name!, request.Plan!, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        CreatedTenantResponse data = new(done.Result, done.At);
        return Reply.Created(data, GetTenant.RouteName, new { tenant_id = data.TenantId });
    }
}
