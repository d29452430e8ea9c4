using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Api.Keys;
using Qkms.Core.Installation;
using Qkms.Core.Keys;
using Qkms.Core.Time;

namespace Qkms.Api.Rotations;

internal sealed record GetChainQuery(
    [property: FromRoute(Name = "kid"), KidField, ParameterExample(DemoKeys.RetiredKid), Description("The kid of the version.")]
    string Kid,
    [property: FromQuery(Name = "direction"), DirectionField]
    [property: Description("'next' lists the version and its successors, 'previous' the version and its predecessors. Default: 'next'.")]
    string? Direction,
    [property: FromQuery(Name = "limit"), Field(Minimum = 1, Maximum = GetChainQuery.MaxLimit, Default = GetChainQuery.MaxLimit)]
    [property: Description("Page size, 1 to 100. Default: 100.")]
    QueryInteger? Limit,
    [property: FromQuery(Name = "cursor"), CursorField, Description("The next_cursor of the previous page.")] string? Cursor)
{
    internal const int MaxLimit = 100;
}

internal sealed class GetChainQueryValidator : AbstractValidator<GetChainQuery>
{
    public GetChainQueryValidator()
    {
        RuleFor(q => q.Direction)
            .Must(direction => direction is null or DirectionFieldAttribute.Next or DirectionFieldAttribute.Previous)
            .WithMessage($"must be '{DirectionFieldAttribute.Next}' or '{DirectionFieldAttribute.Previous}'");
        RuleFor(q => q.Limit).IsPageLimit(GetChainQuery.MaxLimit);
    }
}

/// <summary>Which way a rotation chain is walked.</summary>
internal sealed class DirectionFieldAttribute : FieldAttribute
{
    public const string Next = "next";
    public const string Previous = "previous";

    public DirectionFieldAttribute() => (Words, Example) = ([Next, Previous], Next);
}

internal sealed record ChainResponse(
    [property: Field(MaxItems = GetChainQuery.MaxLimit)]
    [property: Description("The versions: the one that the path names, then each the neighbour of the one before.")]
    IReadOnlyList<KeyVersionResponse> Versions,
    [property: CursorField, Description("Send this as 'cursor' to get the next page; null where the chain ends.")] string? NextCursor);

internal static class GetChain
{
    public static void MapGetChain(this RouteGroupBuilder keys) =>
        keys.MapGet("/{kid}/chain", HandleAsync)
            .WithName("GetChain")
            .WithSummary("Lists the rotation chain of a version, towards its successors or its predecessors, over any number of pages.")
            .WithValidation<GetChainQuery, GetChainQueryValidator>()
            .Refuses(KmsErrors.KeyVersionNotFound);

    private static async Task<Reply<ChainResponse>> HandleAsync(
        [AsParameters] GetChainQuery query, Caller caller, KeyReader keys, TimeProvider time, CancellationToken cancellationToken)
    {
        ChainPage page = await keys.GetChainAsync(
            caller,
            KeyPath.ToKid(query.Kid),
            isForward: query.Direction != DirectionFieldAttribute.Previous,
            query.Cursor,
            query.Limit?.Value ?? GetChainQuery.MaxLimit,
            cancellationToken);
        DateTimeOffset now = time.GetUtcMilliseconds();
        return Reply.Ok(new ChainResponse(
            [.. page.Versions.Select(version => KeyVersionResponse.From(version, spelling: null, now))], page.NextCursor));
    }
}
