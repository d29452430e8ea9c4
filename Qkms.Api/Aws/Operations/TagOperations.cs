using Qkms.Core.Tags;

namespace Qkms.Api.Aws.Operations;

internal sealed record TagResourceRequest(string? KeyId, IReadOnlyList<AwsTag?>? Tags);

internal sealed record UntagResourceRequest(string? KeyId, IReadOnlyList<string?>? TagKeys);

internal sealed record ListResourceTagsRequest(string? KeyId, int? Limit, string? Marker);

internal sealed record ListResourceTagsResponse(IReadOnlyList<AwsTag> Tags, string? NextMarker, bool Truncated);

/// <summary>Operations on the tags of keys.</summary>
internal static class TagOperations
{
    public static void MapTags(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "TagResource",
            new RequiredPermission(Permission.KeysUpdate),
            () => AwsJson.Default.TagResourceRequest,
            () => AwsJson.Default.EmptyResponse,
            TagResourceAsync);
        routes.MapOperation(
            "UntagResource",
            new RequiredPermission(Permission.KeysUpdate),
            () => AwsJson.Default.UntagResourceRequest,
            () => AwsJson.Default.EmptyResponse,
            UntagResourceAsync);
        routes.MapOperation(
            "ListResourceTags",
            new RequiredPermission(Permission.KeysRead),
            () => AwsJson.Default.ListResourceTagsRequest,
            () => AwsJson.Default.ListResourceTagsResponse,
            ListResourceTagsAsync);
    }

    private static async ValueTask<EmptyResponse> TagResourceAsync(AwsCall call, TagResourceRequest request)
    {
        IReadOnlyDictionary<string, string> tags = AwsTags.Parse(request.Tags);
        await call.Service<TagChanges>().SetAsync(call.Caller, AwsKeys.ParseId(call, request.KeyId), tags, call.Aborted);
        return EmptyResponse.Instance;
    }

    private static async ValueTask<EmptyResponse> UntagResourceAsync(AwsCall call, UntagResourceRequest request)
    {
        IReadOnlyCollection<string> keys = AwsTags.ParseKeys(request.TagKeys);
        await call.Service<TagChanges>().RemoveAsync(call.Caller, AwsKeys.ParseId(call, request.KeyId), keys, call.Aborted);
        return EmptyResponse.Instance;
    }

    private static async ValueTask<ListResourceTagsResponse> ListResourceTagsAsync(AwsCall call, ListResourceTagsRequest request)
    {
        int limit = AwsParameters.LimitOf(request.Limit, KeyTags.Most, KeyTags.Most);
        KeyId id = AwsKeys.ParseId(call, request.KeyId);
        TagPage page = await call.Service<TagChanges>().ListAsync(call.Caller, id, request.Marker, limit, call.Aborted)
            ?? throw AwsErrors.InvalidMarker.Refusal();
        return new ListResourceTagsResponse(
            [.. page.Tags.Select(tag => new AwsTag(tag.Key, tag.Value))], page.NextCursor, Truncated: page.NextCursor is not null);
    }
}
