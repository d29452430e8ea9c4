using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Time;

namespace Qkms.Api.Keys;

internal sealed record ListKeysQuery(
    [property: FromQuery(Name = "algorithm"), Description("Lists only this algorithm.")] AlgorithmText? Algorithm,
    [property: FromQuery(Name = "status")]
    [property: Description("Lists only this status: active, retired, expired, revoked, pending_destruction or destroyed.")]
    StatusText? Status,
    [property: FromQuery(Name = "name"), Description("Lists only this name.")] KeyNameText? Name,
    [property: FromQuery(Name = "limit"), Field(Minimum = 1, Maximum = ListKeysQuery.MaxLimit, Default = ListKeysQuery.MaxLimit)]
    [property: Description("Page size, 1 to 1,000. Default: 1,000.")]
    QueryInteger? Limit,
    [property: FromQuery(Name = "cursor"), CursorField, Description("The next_cursor of the previous page.")] string? Cursor)
{
    internal const int MaxLimit = 1000;
}

internal sealed class ListKeysQueryValidator : AbstractValidator<ListKeysQuery>
{
    public ListKeysQueryValidator()
    {
        RuleFor(q => q.Algorithm).IsKeyAlgorithm().When(q => q.Algorithm is not null);
        RuleFor(q => q.Name).IsKeyName();
        RuleFor(q => q.Status)
            .Must(status => status is null or { Value: not null })
            .WithMessage("must be one of active, retired, expired, revoked, pending_destruction, destroyed");
        RuleFor(q => q.Limit).IsPageLimit(ListKeysQuery.MaxLimit);
    }
}

internal sealed record KeyListResponse(
    [property: Field(MaxItems = ListKeysQuery.MaxLimit)]
    [property: Description("The versions, newest first.")]
    IReadOnlyList<KeyVersionResponse> Keys,
    [property: Field(Minimum = 0, Example = 1)]
    [property: Description("Number of versions in the whole list, across all pages. With `status` at most 1000: there may then be more.")]
    long Total,
    [property: CursorField, Description("Send this as 'cursor' to get the next page; null on the last page.")] string? NextCursor,
    [property: KidField(MaxItems = ListKeysQuery.MaxLimit)]
    [property: Description("Kids of this page whose stored row is damaged. The list shows nothing else of such a row.")]
    IReadOnlyList<string> Unreadable);

internal static class ListKeys
{
    public static void MapListKeys(this RouteGroupBuilder keys) =>
        keys.MapGet("", HandleAsync)
            .WithName("ListKeys")
            .WithSummary("Lists every version of every key, newest first.")
            .WithValidation<ListKeysQuery, ListKeysQueryValidator>();

    private static async Task<Reply<KeyListResponse>> HandleAsync(
        [AsParameters]
        ListKeysQuery query, Caller caller, KeyReader keys, IntegrityAlarm alarm, TimeProvider time, CancellationToken cancellationToken)
    {
        KeyPage page = await keys.ListAsync(
            caller, ToFilter(query), query.Cursor, query.Limit?.Value ?? ListKeysQuery.MaxLimit, cancellationToken);
        foreach (string kid in page.Unreadable)
            await alarm.RaiseAsync(caller, $"key version {kid}");

        DateTimeOffset now = time.GetUtcMilliseconds();
        return Reply.Ok(new KeyListResponse(
            [.. page.Versions.Select(version => KeyVersionResponse.From(version, query.Algorithm?.Text, now))],
            page.Total,
            page.NextCursor,
            page.Unreadable));
    }

    private static KeyListFilter ToFilter(ListKeysQuery query) => new(query.Algorithm?.Value, query.Name?.Value, query.Status?.Value);
}
