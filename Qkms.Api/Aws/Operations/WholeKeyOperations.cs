using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Aws.Operations;

internal sealed record ListKeysRequest(int? Limit, string? Marker);

internal sealed record ListKeysResponse(IReadOnlyList<KeyListEntry> Keys, bool Truncated, string? NextMarker);

internal sealed record KeyListEntry(string KeyId, string KeyArn);

internal sealed record WholeKeyRequest(string? KeyId);

internal sealed record UpdateKeyDescriptionRequest(string? KeyId, string? Description);

internal sealed record ScheduleKeyDeletionRequest(string? KeyId, int? PendingWindowInDays);

internal sealed record ScheduleKeyDeletionResponse(string KeyId, double DeletionDate, string KeyState, int PendingWindowInDays);

internal sealed record CancelKeyDeletionResponse(string KeyId);

/// <summary>Operations that list keys, and that change a key as a whole.</summary>
internal static class WholeKeyOperations
{
    private const int MaxKeys = 1000;
    private const int UsualKeys = 100;

    public static void MapWholeKeys(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "ListKeys",
            new RequiredPermission(Permission.KeysRead),
            () => AwsJson.Default.ListKeysRequest,
            () => AwsJson.Default.ListKeysResponse,
            ListKeysAsync);
        routes.MapOperation(
            "UpdateKeyDescription",
            new RequiredPermission(Permission.KeysUpdate),
            () => AwsJson.Default.UpdateKeyDescriptionRequest,
            () => AwsJson.Default.EmptyResponse,
            UpdateKeyDescriptionAsync);
        routes.MapOperation(
            "EnableKey",
            new RequiredPermission(Permission.KeysDisable),
            () => AwsJson.Default.WholeKeyRequest,
            () => AwsJson.Default.EmptyResponse,
            EnableKeyAsync);
        routes.MapOperation(
            "DisableKey",
            new RequiredPermission(Permission.KeysDisable),
            () => AwsJson.Default.WholeKeyRequest,
            () => AwsJson.Default.EmptyResponse,
            DisableKeyAsync);
        routes.MapOperation(
            "ScheduleKeyDeletion",
            new RequiredPermission(Permission.KeysDestroy),
            () => AwsJson.Default.ScheduleKeyDeletionRequest,
            () => AwsJson.Default.ScheduleKeyDeletionResponse,
            ScheduleKeyDeletionAsync);
        routes.MapOperation(
            "CancelKeyDeletion",
            new RequiredPermission(Permission.KeysCancelDeletion),
            () => AwsJson.Default.WholeKeyRequest,
            () => AwsJson.Default.CancelKeyDeletionResponse,
            CancelKeyDeletionAsync);
    }

    private static async ValueTask<ListKeysResponse> ListKeysAsync(AwsCall call, ListKeysRequest request)
    {
        int limit = AwsParameters.LimitOf(request.Limit, MaxKeys, UsualKeys);
        (IReadOnlyList<KeyId> keys, string? next) = await AwsParameters.PageAsync(
            request.Marker, () => call.Service<WholeKeys>().ListAsync(call.Caller, request.Marker, limit, call.Aborted));
        return new ListKeysResponse(
            [.. keys.Select(id => new KeyListEntry(id.ToString(), AwsKeys.ArnOf(call, id)))], Truncated: next is not null, next);
    }

    private static async ValueTask<EmptyResponse> UpdateKeyDescriptionAsync(AwsCall call, UpdateKeyDescriptionRequest request)
    {
        string description = AwsParameters.TextOf(
            AwsParameters.Require(request.Description, "Description"), WholeKeys.MaxDescriptionLength, "Description");
        await AwsKeys.ChangeAsync(
            call, request.KeyId, id => call.Service<WholeKeys>().DescribeAsync(call.Caller, id, description, call.Aborted));
        return new EmptyResponse();
    }

    private static async ValueTask<EmptyResponse> EnableKeyAsync(AwsCall call, WholeKeyRequest request)
    {
        await AwsKeys.ChangeAsync(call, request.KeyId, id => call.Service<WholeKeys>().EnableAsync(call.Caller, id, call.Aborted));
        return new EmptyResponse();
    }

    private static async ValueTask<EmptyResponse> DisableKeyAsync(AwsCall call, WholeKeyRequest request)
    {
        await AwsKeys.ChangeAsync(call, request.KeyId, id => call.Service<WholeKeys>().DisableAsync(call.Caller, id, call.Aborted));
        return new EmptyResponse();
    }

    private static async ValueTask<ScheduleKeyDeletionResponse> ScheduleKeyDeletionAsync(AwsCall call, ScheduleKeyDeletionRequest request)
    {
        int days = request.PendingWindowInDays ?? KeyDestruction.DefaultWaitingDays;
        AwsParameters.RequireLength(days, KeyDestruction.MinWaitingDays, KeyDestruction.MaxWaitingDays, "PendingWindowInDays");
        Key key = await AwsKeys.ChangeAsync(
            call, request.KeyId, id => call.Service<WholeKeys>().ScheduleDeletionAsync(call.Caller, id, days, call.Aborted));
        return new ScheduleKeyDeletionResponse(
            AwsKeys.ArnOf(call, key.Id), AwsParameters.SecondsOf(key.DeleteAt!.Value), "PendingDeletion", days);
    }

    private static async ValueTask<CancelKeyDeletionResponse> CancelKeyDeletionAsync(AwsCall call, WholeKeyRequest request)
    {
        Key key = await AwsKeys.ChangeAsync(
            call, request.KeyId, id => call.Service<WholeKeys>().CancelDeletionAsync(call.Caller, id, call.Aborted));
        return new CancelKeyDeletionResponse(AwsKeys.ArnOf(call, key.Id));
    }
}
