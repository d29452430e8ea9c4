using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Administration;
using Qkms.Core.Journal;
using Qkms.Core.Time;

namespace Qkms.Api.ApiKeys;

internal sealed record ListApiKeysQuery(
    [property: FromQuery(Name = "limit")]
    [property: Field(Minimum = 1, Maximum = ListApiKeysQuery.MaxLimit, Default = ListApiKeysQuery.MaxLimit)]
    [property: Description("Page size, 1 to 1,000. Default: 1,000.")]
    QueryInteger? Limit,
    [property: FromQuery(Name = "cursor"), CursorField, Description("The next_cursor of the previous page.")] string? Cursor)
{
    internal const int MaxLimit = 1000;
}

internal sealed class ListApiKeysQueryValidator : AbstractValidator<ListApiKeysQuery>
{
    public ListApiKeysQueryValidator() => RuleFor(q => q.Limit).IsPageLimit(ListApiKeysQuery.MaxLimit);
}

internal sealed record ApiKeyListResponse(
    [property: Field(MaxItems = ListApiKeysQuery.MaxLimit), Description("The API keys, newest first.")]
    IReadOnlyList<ApiKeyResponse> ApiKeys,
    [property: CursorField, Description("Send this as 'cursor' to get the next page; null on the last page.")] string? NextCursor,
    [property: Field(MaxItems = ListApiKeysQuery.MaxLimit, Example = "0198f5c2-7d1b-7a6d-95b4-cf3e2d10a978")]
    [property: Description("Ids of API keys of this page whose stored row is damaged. The list shows nothing else of such a row.")]
    IReadOnlyList<Guid> Unreadable);

internal static class ListApiKeys
{
    public static void MapListApiKeys(this RouteGroupBuilder apiKeys) =>
        apiKeys.MapGet("", HandleAsync)
            .WithName("ListApiKeys")
            .WithSummary("Lists the API keys of the tenant, newest first: what they are and may do, never their secrets.")
            .WithDescription("An API key that is limited to key names sees itself, and those that are limited to names within its own.")
            .WithValidation<ListApiKeysQuery, ListApiKeysQueryValidator>();

    private static async Task<Reply<ApiKeyListResponse>> HandleAsync(
        [AsParameters] ListApiKeysQuery query,
        Caller caller,
        ApiKeyReader apiKeys,
        IntegrityAlarm alarm,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        ApiKeyPage page = await apiKeys.ListAsync(
            caller, query.Cursor, query.Limit?.Value ?? ListApiKeysQuery.MaxLimit, cancellationToken);
        foreach (CredentialId id in page.Unreadable)
            await alarm.RaiseAsync(caller, $"credential {id}");

        DateTimeOffset now = time.GetUtcMilliseconds();
        return Reply.Ok(new ApiKeyListResponse(
            [.. page.ApiKeys.Select(info => ApiKeyResponse.From(info, now))],
            page.NextCursor,
            [.. page.Unreadable.Select(id => id.Value)]));
    }
}
