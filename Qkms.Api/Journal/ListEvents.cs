using System.ComponentModel;
using System.Text.RegularExpressions;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Core.Journal;

namespace Qkms.Api.Journal;

internal sealed record ListEventsQuery(
    [property: FromQuery(Name = "stream"), Field(Minimum = 1, Maximum = int.MaxValue)]
    [property: Description(
        "The stream: 1 is the life cycle of keys. Default: 1, or with an action of uses, such as request.refused, all streams of uses in "
        + "turn.")]
    QueryInteger? Stream,
    [property: FromQuery(Name = "kid"), Description("Lists only events about this key version.")] KidText? Kid,
    [property: FromQuery(Name = "action"), Field(Pattern = ListEventsQuery.ActionPattern, MaxLength = ListEventsQuery.MaxText)]
    [property: Description("Lists only events with this action, such as key.revoked.")]
    string? Action,
    [property: FromQuery(Name = "actor"), Field(Pattern = ListEventsQuery.ActorPattern, MaxLength = ListEventsQuery.MaxText)]
    [property: Description("Lists only events by this actor: the id of an API key, or a part of the service.")]
    string? Actor,
    [property: FromQuery(Name = "since"), Description("Lists only events at this time or later.")] TimeText? Since,
    [property: FromQuery(Name = "until"), Description("Lists only events before this time.")] TimeText? Until,
    [property: FromQuery(Name = "order"), OrderField, Description("asc: oldest first; desc: newest first. Default: desc.")] string? Order,
    [property: FromQuery(Name = "limit"), Field(Minimum = 1, Maximum = ListEventsQuery.MaxLimit, Default = ListEventsQuery.DefaultLimit)]
    [property: Description("Page size, 1 to 1,000. Default: 100.")]
    QueryInteger? Limit,
    [property: FromQuery(Name = "cursor"), EventCursorField, Description("The next_cursor of the previous page.")] string? Cursor)
{
    internal const int MaxLimit = 1000;
    internal const int DefaultLimit = 100;
    internal const int MaxText = 64;
    internal const string ActionPattern = "^[a-z_.]{1,64}$";
    internal const string ActorPattern = "^[A-Za-z0-9._:-]{1,64}$";
}

/// <summary>The order of a list.</summary>
internal sealed class OrderFieldAttribute : FieldAttribute
{
    public const string OldestFirst = "asc";
    public const string NewestFirst = "desc";

    public OrderFieldAttribute() => Words = [OldestFirst, NewestFirst];
}

/// <summary>A cursor of the journal.</summary>
internal sealed class EventCursorFieldAttribute : FieldAttribute
{
    public EventCursorFieldAttribute()
    {
        Pattern = "^[A-Za-z0-9_-]+$";
        MinLength = MaxLength = JournalCursor.TextLength;
        Example = "AAAAAAAAAGNHoqTIbL8xq0cX1u9GZk3tEhtv2uHkoVcqiNM1f0zq7S";
    }
}

/// <summary>A SHA-256 hash or an HMAC of the journal.</summary>
internal sealed class HashFieldAttribute : BytesFieldAttribute
{
    public HashFieldAttribute() => Example = "j0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ=";
}

internal sealed partial class ListEventsQueryValidator : AbstractValidator<ListEventsQuery>
{
    public ListEventsQueryValidator()
    {
        RuleFor(q => q.Stream)
            .Must(stream => stream is null or { Value: > 0 })
            .WithMessage($"must be a whole number from 1 to {int.MaxValue}");
        RuleFor(q => q.Kid).Must(kid => kid is null or { Value: not null }).WithMessage("is not a kid");
        RuleFor(q => q.Action)
            .Must(action => action is null || Action().IsMatch(action))
            .WithMessage("is not an action, such as key.revoked");
        RuleFor(q => q.Actor)
            .Must(actor => actor is null || Actor().IsMatch(actor))
            .WithMessage("must have 1 to 64 of A-Z a-z 0-9 . _ : -");
        RuleFor(q => q.Since).Must(IsTime).WithMessage(Time);
        RuleFor(q => q.Until)
            .Must(IsTime)
            .WithMessage(Time)
            .Must((q, until) => until?.Value is not { } end || q.Since?.Value is not { } start || end > start)
            .WithMessage("must be later than since");
        RuleFor(q => q.Order)
            .Must(order => order is null or OrderFieldAttribute.OldestFirst or OrderFieldAttribute.NewestFirst)
            .WithMessage("must be one of asc, desc");
        RuleFor(q => q.Limit).IsPageLimit(ListEventsQuery.MaxLimit);
    }

    private const string Time = "must be a time with its offset, as in 2030-01-02T03:04:05Z";

    private static bool IsTime(TimeText? time) => time is null or { Value: not null };

    [GeneratedRegex("^[a-z_.]{1,64}\\z")]
    private static partial Regex Action();

    [GeneratedRegex("^[A-Za-z0-9._:-]{1,64}\\z")]
    private static partial Regex Actor();
}

internal sealed record EventResponse(
    [property: Field(Minimum = 0, Example = 6), Description("Position in the stream, from 0.")] long Position,
    [property: Field(Example = "0198f5c2-7d1d-7f24-8b96-5e0c71a3d842"), Description("Id of the event.")] Guid Id,
    [property: Field(Example = Examples.Time), Description("When it happened.")] DateTimeOffset Time,
    [property: Field(Pattern = ListEventsQuery.ActionPattern, Example = "key.revoked"), Description("What happened.")] string Action,
    [property: Field(Words = ["api_key", "system"], Example = "api_key"), Description("What acted.")] string ActorKind,
    [property: Field(Pattern = ListEventsQuery.ActorPattern, Example = "0198f5c2-7d1b-7a6d-95b4-cf3e2d10a978")]
    [property: Description("Id of the API key, or the part of the service.")]
    string ActorId,
    [property: Field(Example = "0198f5c2-7d1a-7c08-93e5-b6f04d72c815"), Description("Id of the key, if it is about one.")]
    Guid? KeyId,
    [property: KidField, Description("The key version, if it is about one.")] string? Kid,
    [property: Field(Minimum = 1, Example = 1), Description("Number of that version.")] int? KeyVersion,
    [property: Field(MaxLength = 64, Example = "active"), Description("The state before.")] string? From,
    [property: Field(MaxLength = 64, Example = "revoked"), Description("The state after, or what else came of it.")] string? To,
    [property: ReasonField, Description("The reason that was given.")] string? Reason,
    [property: Field(Example = Examples.RequestId), Description("Id of the request, as its response named it.")] Guid? RequestId,
    [property: Field(Example = Examples.RequestId), Description("The service's own id of the request.")] Guid? ServerRequestId,
    [property: HashField, Description("Seal of the row that the change left behind: of a key version, a tenant or an API key.")]
    byte[]? RowSeal,
    [property: HashField, Description("Seal of the key's row that the change left behind.")] byte[]? KeySeal,
    [property: HashField, Description("Leaf hash of the event before this one.")] byte[] PreviousHash,
    [property: HashField, Description("Leaf hash of this event (RFC 6962); docs/journal.md has the format.")] byte[] LeafHash,
    [property: HashField, Description("HMAC-SHA-256 over the leaf hash under the journal key.")] byte[] Mac,
    [property: Field(Example = "0198f5c2-7d19-7b35-a1d7-94c8e60f2b13"), Description("Id of the journal key.")] Guid MacKeyId)
{
    public static EventResponse Of(ChainedEvent chained) => new(
        chained.Position,
        chained.Event.Id,
        chained.Event.Time,
        chained.Event.Action,
        chained.Event.ActorKind,
        chained.Event.ActorId,
        chained.Event.KeyId?.Value,
        chained.Event.Kid?.Value,
        chained.Event.KeyVersion,
        chained.Event.From,
        chained.Event.To,
        chained.Event.Reason,
        chained.Event.RequestId,
        chained.Event.ServerRequestId,
        chained.Event.RowSeal,
        chained.Event.KeySeal,
        chained.PreviousHash,
        chained.LeafHash,
        chained.Mac,
        chained.MacKeyId);
}

internal sealed record EventListResponse(
    [property: Field(Example = "0198f5c2-7d18-7e51-8d4a-26b07f93c5e0"), Description("Id of this installation; part of every event.")]
    Guid InstallationId,
    [property: Field(Example = "0198f5c2-7d17-7a9c-b2f6-0d51e84a7c3b"), Description("Id of the tenant; part of every event.")]
    Guid TenantId,
    [property: Field(Minimum = 1, Example = 1), Description("Number of the stream.")] int Stream,
    [property: Field(Words = ["lifecycle", "uses"], Example = "lifecycle"), Description("What the stream holds.")] string Kind,
    [property: Field(MaxLength = 64, Example = ""), Description("The node whose uses the stream holds; empty for the life cycle.")]
    string Node,
    [property: Field(Minimum = 0, Example = 7), Description("Position of the next event that will be written.")] long NextPosition,
    [property: HashField, Description("Leaf hash of the last event.")] byte[] HeadHash,
    [property: Field(Minimum = 0, Example = 0), Description("Position of the first event that is kept.")] long FirstPosition,
    [property: HashField, Description("Leaf hash of the event before that one; zeros when it is the first.")] byte[] FirstPreviousHash,
    [property: Field(MaxItems = ListEventsQuery.MaxLimit)]
    [property: Description("The events. At most 10,000 positions are looked at for a page, so filters may leave few or none of them.")]
    IReadOnlyList<EventResponse> Events,
    [property: Field(MaxItems = ListEventsQuery.MaxLimit, Minimum = 0, Example = 5)]
    [property: Description("Positions of events of this page that are not as Qkms wrote them. The list shows nothing else of them.")]
    IReadOnlyList<long> Unreadable,
    [property: EventCursorField, Description("Send this as 'cursor' to get the next page; null on the last page.")] string? NextCursor);

internal static class ListEvents
{
    public static void MapListEvents(this RouteGroupBuilder audit) =>
        audit.MapGet("/events", HandleAsync)
            .WithName("ListEvents")
            .WithSummary("Lists the events of a journal stream, each a link of a chain.")
            .WithValidation(new ListEventsQueryValidator())
            .Refuses(KmsErrors.NotFound);

    private static async Task<Reply<EventListResponse>> HandleAsync(
        [AsParameters]
        ListEventsQuery query, Caller caller, JournalReader journal, IntegrityAlarm alarm, CancellationToken cancellationToken)
    {
        JournalPage page = await journal.ListAsync(
            caller, ToQuery(query), query.Cursor, query.Limit?.Value ?? ListEventsQuery.DefaultLimit, cancellationToken);
        JournalStream stream = page.Stream;
        foreach (long position in page.Unreadable)
            await alarm.RaiseAsync(caller, $"position {position} of {stream.LogName}");

        return Reply.Ok(new EventListResponse(
            stream.InstallationId,
            stream.TenantId.Value,
            stream.Number,
            stream.IsOfChanges ? "lifecycle" : "uses",
            stream.Node,
            stream.NextPosition,
            stream.HeadHash,
            stream.FirstPosition,
            stream.FirstPreviousHash,
            [.. page.Events.Select(EventResponse.Of)],
            page.Unreadable,
            page.NextCursor));
    }

    private static JournalQuery ToQuery(ListEventsQuery query) => new(
        query.Stream?.Value
            ?? (JournalActions.IsOfUses(query.Action) ? JournalQuery.EveryStreamOfUses : JournalStream.LifecycleNumber),
        query.Order == OrderFieldAttribute.OldestFirst,
        query.Kid?.Value,
        query.Action,
        query.Actor,
        query.Since?.Value,
        query.Until?.Value);
}
