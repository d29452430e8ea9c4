using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Administration;
using Qkms.Core.Idempotency;

namespace Qkms.Api.Tenants;

internal sealed record DeleteTenantQuery(
    [property: FromRoute(Name = "tenant_id"), TenantIdField, ParameterExample(TenantPath.Pasted)]
    [property: Description("The id of the tenant.")]
    string TenantId,
    [property: FromQuery(Name = "waiting_days"), WaitingDaysField(TenantAdministration.DefaultWaitingDays)]
    [property: Description("The same as in the body, for clients whose DELETE has none. Given in both, they must agree.")]
    QueryInteger? WaitingDays);

internal sealed class DeleteTenantQueryValidator : AbstractValidator<DeleteTenantQuery>
{
    public DeleteTenantQueryValidator() => RuleFor(q => q.WaitingDays).IsWaitingDays();
}

internal sealed record DeleteTenantRequest(
    [property: WaitingDaysField(TenantAdministration.DefaultWaitingDays)]
    [property: Description("Waiting time in days, during which you can cancel: 7 to 30. Default: 7.")]
    int? WaitingDays,
    [property: ReasonField, Description("The reason, recorded in the journals of the tenant and of yours.")] string? Reason);

internal sealed class DeleteTenantRequestValidator : AbstractValidator<DeleteTenantRequest>
{
    public DeleteTenantRequestValidator()
    {
        RuleFor(r => r.WaitingDays).IsWaitingDays();
        RuleFor(r => r.Reason).IsReason();
    }
}

internal static class DeleteTenant
{
    public static void MapDeleteTenant(this RouteGroupBuilder tenants) =>
        tenants.MapDelete("/{tenant_id}", HandleAsync)
            .WithName("DeleteTenant")
            .WithSummary(
                "Schedules the deletion of a tenant. All of its API keys are refused from now on; on its date Qkms destroys its key, which "
                + "makes all of its keys unreadable, and removes its rows.")
            .WithDescription(
                "You can cancel until that date. Ids and name of a deleted tenant are never used again, and its journal of changes stays. "
                + "A tenant that is already scheduled keeps its date, whatever 'waiting_days' says: cancel first to choose another.")
            .WithRequestExample("""{"reason":"The contract has ended."}""")
            .WithValidation<DeleteTenantQuery, DeleteTenantQueryValidator>()
            .WithOptionalValidation<DeleteTenantRequest, DeleteTenantRequestValidator>()
            .Refuses(KmsErrors.NotFound, KmsErrors.OwnTenant, KmsErrors.TenantState, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<AcceptedReply<TenantResponse>> HandleAsync(
        [AsParameters] DeleteTenantQuery query,
        [FromBody(EmptyBodyBehavior = EmptyBodyBehavior.Allow)] DeleteTenantRequest? request,
        Caller caller,
        TenantAdministration tenants,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        // What the query says is as if the body said it, also for what makes a request the same one again.
        DeleteTenantRequest? whole = WithQuery(request, query);
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, whole);
        Done<TenantInfo> done = await tenants.ScheduleDeletionAsync(
            caller,
            TenantPath.Read(query.TenantId),
            whole?.WaitingDays ?? TenantAdministration.DefaultWaitingDays,
            whole?.Reason,
            repeatable,
            cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Accepted(TenantResponse.From(done.Result));
    }

    private static DeleteTenantRequest? WithQuery(DeleteTenantRequest? request, DeleteTenantQuery query) =>
        WaitingDays.Agreed(query.WaitingDays, request?.WaitingDays) is { } days ? new DeleteTenantRequest(days, request?.Reason) : request;
}
