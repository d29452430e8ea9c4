using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Journal;
using Qkms.Core.Rotations;

namespace Qkms.Api.Rotations;

internal sealed record ListRotationJobsQuery(
    [property: FromQuery(Name = "kid"), Description("Lists only the jobs of this version.")] KidText? Kid,
    [property: FromQuery(Name = "state")]
    [property: Description("Lists only this state: SCHEDULED, RUNNING, SUCCEEDED, FAILED or CANCELLED.")]
    JobStateText? State,
    [property: FromQuery(Name = "name"), Description("Lists only the jobs of keys with this name.")] KeyNameText? Name,
    [property: FromQuery(Name = "limit")]
    [property: Field(Minimum = 1, Maximum = ListRotationJobsQuery.MaxLimit, Default = ListRotationJobsQuery.MaxLimit)]
    [property: Description("Page size, 1 to 1,000. Default: 1,000.")]
    QueryInteger? Limit,
    [property: FromQuery(Name = "cursor"), CursorField, Description("The next_cursor of the previous page.")] string? Cursor)
{
    internal const int MaxLimit = 1000;
}

internal sealed class ListRotationJobsQueryValidator : AbstractValidator<ListRotationJobsQuery>
{
    public ListRotationJobsQueryValidator()
    {
        RuleFor(q => q.Kid).IsKid();
        RuleFor(q => q.Name).IsKeyName();
        RuleFor(q => q.State)
            .Must(state => state is null or { Value: not null })
            .WithMessage("must be one of SCHEDULED, RUNNING, SUCCEEDED, FAILED, CANCELLED");
        RuleFor(q => q.Limit).IsPageLimit(ListRotationJobsQuery.MaxLimit);
    }
}

internal sealed record RotationJobListResponse(
    [property: Field(MaxItems = ListRotationJobsQuery.MaxLimit), Description("The jobs, newest first.")]
    IReadOnlyList<RotationJobResponse> Jobs,
    [property: CursorField, Description("Send this as 'cursor' to get the next page; null on the last page.")] string? NextCursor,
    [property: Field(MaxItems = ListRotationJobsQuery.MaxLimit, Example = Examples.JobId)]
    [property: Description("Ids of jobs of this page whose stored row is damaged. The list shows nothing else of such a row.")]
    IReadOnlyList<Guid> Unreadable);

internal static class ListRotationJobs
{
    public static void MapListRotationJobs(this RouteGroupBuilder jobs) =>
        jobs.MapGet("", HandleAsync)
            .WithName("ListRotationJobs")
            .WithSummary("Lists the rotation jobs, newest first: those that wait and those that are over.")
            .WithValidation<ListRotationJobsQuery, ListRotationJobsQueryValidator>()
            .Refuses(KmsErrors.KeyVersionNotFound);

    private static async Task<Reply<RotationJobListResponse>> HandleAsync(
        [AsParameters] ListRotationJobsQuery query,
        Caller caller,
        RotationJobs jobs,
        IntegrityAlarm alarm,
        CancellationToken cancellationToken)
    {
        RotationJobFilter filter = new(query.Kid?.Value, query.Name?.Value, query.State?.Value);
        RotationJobPage page = await jobs.ListAsync(
            caller, filter, query.Cursor, query.Limit?.Value ?? ListRotationJobsQuery.MaxLimit, cancellationToken);
        foreach (RotationJobId id in page.Unreadable)
            await alarm.RaiseAsync(caller, $"rotation job {id}");

        return Reply.Ok(new RotationJobListResponse(
            [.. page.Jobs.Select(RotationJobResponse.From)], page.NextCursor, [.. page.Unreadable.Select(id => id.Value)]));
    }
}
