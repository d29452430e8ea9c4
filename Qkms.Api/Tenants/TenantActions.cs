using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Administration;
using Qkms.Core.Idempotency;

namespace Qkms.Api.Tenants;

internal sealed record TenantActionRequest(
    [property: ReasonField, Description("The reason, recorded in the journals of the tenant and of yours.")] string? Reason);

internal sealed class TenantActionRequestValidator : AbstractValidator<TenantActionRequest>
{
    public TenantActionRequestValidator() => RuleFor(r => r.Reason).IsReason();
}

/// <summary>Suspend, resume and cancel a deletion: the same request and answer, and each a state of its own.</summary>
internal static class TenantActions
{
    public static void MapTenantActions(this RouteGroupBuilder tenants)
    {
        tenants.MapPost("/{tenant_id}/actions/suspend", SuspendAsync)
            .WithName("SuspendTenant")
            .WithSummary("Suspends a tenant: all of its API keys are refused from now on, until you resume it.")
            .WithDescription(
                "It holds for the next request here, and within a second on other nodes. No change and no recorded use of a key is made "
                + "on any node once this is answered, and background work waits. Nothing of the tenant is lost.")
            .WithRequestExample("""{"reason":"The invoice of October is not paid."}""")
            .WithAction(KmsErrors.OwnTenant, KmsErrors.TenantState);
        tenants.MapPost("/{tenant_id}/actions/resume", ResumeAsync)
            .WithName("ResumeTenant")
            .WithSummary("Lets a suspended tenant use the service again.")
            .WithRequestExample("""{"reason":"Paid."}""")
            .WithAction(KmsErrors.TenantState);
        tenants.MapPost("/{tenant_id}/actions/cancel-deletion", CancelDeletionAsync)
            .WithName("CancelTenantDeletion")
            .WithSummary("Cancels the deletion of a tenant and restores its previous state, active or suspended.")
            .WithDescription("If no deletion is scheduled, nothing changes.")
            .WithRequestExample("""{"reason":"The contract was renewed."}""")
            .WithAction(KmsErrors.TenantState);
    }

    private static void WithAction(this RouteHandlerBuilder route, params KmsError[] refusals) => route
        .WithOptionalValidation<TenantActionRequest, TenantActionRequestValidator>()
        .Refuses([KmsErrors.NotFound, .. refusals, KmsErrors.OutcomeUnknown])
        .WithIdempotencyKey();

    private static Task<Reply<TenantResponse>> SuspendAsync(
        [FromRoute(Name = "tenant_id"), TenantIdField, ParameterExample(TenantPath.Pasted), Description("The id of the tenant.")]
        string id,
        TenantActionRequest? request,
        Caller caller,
        TenantAdministration tenants,
        HttpContext http,
        CancellationToken cancellationToken) => ActAsync(id, request, caller, tenants.SuspendAsync, http, cancellationToken);

    private static Task<Reply<TenantResponse>> ResumeAsync(
        [FromRoute(Name = "tenant_id"), TenantIdField, ParameterExample(TenantPath.Pasted), Description("The id of the tenant.")]
        string id,
        TenantActionRequest? request,
        Caller caller,
        TenantAdministration tenants,
        HttpContext http,
        CancellationToken cancellationToken) => ActAsync(id, request, caller, tenants.ResumeAsync, http, cancellationToken);

    private static Task<Reply<TenantResponse>> CancelDeletionAsync(
        [FromRoute(Name = "tenant_id"), TenantIdField, ParameterExample(TenantPath.Pasted), Description("The id of the tenant.")]
        string id,
        TenantActionRequest? request,
        Caller caller,
        TenantAdministration tenants,
        HttpContext http,
        CancellationToken cancellationToken) => ActAsync(id, request, caller, tenants.CancelDeletionAsync, http, cancellationToken);

    private delegate Task<Done<TenantInfo>> Act(
        Caller caller, TenantId id, string? reason, RepeatableRequest? request, CancellationToken cancellationToken);

    private static async Task<Reply<TenantResponse>> ActAsync(
        string id, TenantActionRequest? request, Caller caller, Act act, HttpContext http, CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        Done<TenantInfo> done = await act(caller, TenantPath.Read(id), request?.Reason, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Ok(TenantResponse.From(done.Result));
    }
}
