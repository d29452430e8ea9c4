using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Administration;
using Qkms.Core.Journal;
using Qkms.Core.Tenants;

namespace Qkms.Api.Tenants;

internal sealed record ListTenantsQuery(
    [property: FromQuery(Name = "state"), TenantStateField, Description("Only tenants in this state.")] string? State,
    [property: FromQuery(Name = "plan"), PlanField, Description("Only tenants with this plan.")] string? Plan,
    [property: FromQuery(Name = "limit")]
    [property: Field(Minimum = 1, Maximum = ListTenantsQuery.MaxLimit, Default = ListTenantsQuery.MaxLimit)]
    [property: Description("Page size, 1 to 1,000. Default: 1,000.")]
    QueryInteger? Limit,
    [property: FromQuery(Name = "cursor"), CursorField, Description("The next_cursor of the previous page.")] string? Cursor)
{
    internal const int MaxLimit = 1000;
}

internal sealed class ListTenantsQueryValidator : AbstractValidator<ListTenantsQuery>
{
    public ListTenantsQueryValidator()
    {
        RuleFor(q => q.State)
            .Must(state => state is null || TenantStateFieldAttribute.Parse(state) is not null)
            .WithMessage($"must be one of {TenantStateFieldAttribute.AllWords}");
        RuleFor(q => q.Plan).IsPlan().When(q => q.Plan is not null);
        RuleFor(q => q.Limit).IsPageLimit(ListTenantsQuery.MaxLimit);
    }
}

internal sealed record TenantListResponse(
    [property: Field(MaxItems = ListTenantsQuery.MaxLimit), Description("The tenants, newest first.")]
    IReadOnlyList<TenantResponse> Tenants,
    [property: CursorField, Description("Send this as 'cursor' to get the next page; null on the last page.")] string? NextCursor,
    [property: Field(MaxItems = ListTenantsQuery.MaxLimit, Example = "0198f5c2-7d1a-71c5-8d0e-3b94f6a2e817")]
    [property: Description("Ids of tenants of this page whose stored row is damaged. The list shows nothing else of such a row.")]
    IReadOnlyList<Guid> Unreadable);

internal static class ListTenants
{
    public static void MapListTenants(this RouteGroupBuilder tenants) =>
        tenants.MapGet("", HandleAsync)
            .WithName("ListTenants")
            .WithSummary("Lists the tenants, newest first; nothing of their keys.")
            .WithValidation<ListTenantsQuery, ListTenantsQueryValidator>();

    private static async Task<Reply<TenantListResponse>> HandleAsync(
        [AsParameters] ListTenantsQuery query,
        Caller caller,
        TenantReader tenants,
        IntegrityAlarm alarm,
        CancellationToken cancellationToken)
    {
        TenantFilter filter = new(query.State is { } state ? TenantStateFieldAttribute.Parse(state) : null, query.Plan);
        TenantPage page = await tenants.ListAsync(
            caller, filter, query.Cursor, query.Limit?.Value ?? ListTenantsQuery.MaxLimit, cancellationToken);
        foreach (TenantId id in page.Unreadable)
            await alarm.RaiseAsync(caller, $"tenant {id}");

        return Reply.Ok(new TenantListResponse(
            [.. page.Tenants.Select(TenantResponse.From)], page.NextCursor, [.. page.Unreadable.Select(id => id.Value)]));
    }
}
