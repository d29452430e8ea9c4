using Qkms.Core.Algorithms;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Aws.Operations;

internal sealed record EnableKeyRotationRequest(string? KeyId, int? RotationPeriodInDays);

internal sealed record DisableKeyRotationRequest(string? KeyId);

internal sealed record GetKeyRotationStatusRequest(string? KeyId);

/// <summary>Times are seconds since 1970. A rotation ends before it is answered, so that none is ever in progress.</summary>
internal sealed record GetKeyRotationStatusResponse(
    bool KeyRotationEnabled, string KeyId, int? RotationPeriodInDays, double? NextRotationDate);

internal sealed record RotateKeyOnDemandRequest(string? KeyId);

internal sealed record RotateKeyOnDemandResponse(string KeyId);

internal sealed record ListKeyRotationsRequest(string? KeyId, string? IncludeKeyMaterial, int? Limit, string? Marker);

internal sealed record ListKeyRotationsResponse(IReadOnlyList<RotationsListEntry> Rotations, string? NextMarker, bool Truncated);

internal sealed record RotationsListEntry(string KeyId, string? KeyMaterialState, double? RotationDate, string? RotationType);

/// <summary>The rotation of symmetric keys. The period is that of REST's <c>rotation_period</c>, and a rotation is that of REST.</summary>
internal static class RotationOperations
{
    private const int LeastDays = 90;
    private const int MostDays = 2560;
    private const int UsualDays = 365;
    private const int MostRotations = 1000;
    private const int UsualRotations = 100;

    public static void MapRotation(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "EnableKeyRotation",
            new RequiredPermission(Permission.KeysUpdate),
            () => AwsJson.Default.EnableKeyRotationRequest,
            () => AwsJson.Default.EmptyResponse,
            EnableAsync);
        routes.MapOperation(
            "DisableKeyRotation",
            new RequiredPermission(Permission.KeysUpdate),
            () => AwsJson.Default.DisableKeyRotationRequest,
            () => AwsJson.Default.EmptyResponse,
            DisableAsync);
        routes.MapOperation(
            "GetKeyRotationStatus",
            new RequiredPermission(Permission.KeysRead),
            () => AwsJson.Default.GetKeyRotationStatusRequest,
            () => AwsJson.Default.GetKeyRotationStatusResponse,
            GetStatusAsync);
        routes.MapOperation(
            "RotateKeyOnDemand",
            new RequiredPermission(Permission.KeysRotate),
            () => AwsJson.Default.RotateKeyOnDemandRequest,
            () => AwsJson.Default.RotateKeyOnDemandResponse,
            RotateAsync);
        routes.MapOperation(
            "ListKeyRotations",
            new RequiredPermission(Permission.KeysRead),
            () => AwsJson.Default.ListKeyRotationsRequest,
            () => AwsJson.Default.ListKeyRotationsResponse,
            ListAsync);
    }

    private static async ValueTask<EmptyResponse> EnableAsync(AwsCall call, EnableKeyRotationRequest request)
    {
        int days = request.RotationPeriodInDays ?? UsualDays;
        AwsParameters.RequireLength(days, LeastDays, MostDays, "RotationPeriodInDays");
        Key key = await FindToChangeAsync(call, request.KeyId);
        await call.Service<RotationPeriods>().SetAsync(call.Caller, key.Id, TimeSpan.FromDays(days), call.Aborted);
        return EmptyResponse.Instance;
    }

    private static async ValueTask<EmptyResponse> DisableAsync(AwsCall call, DisableKeyRotationRequest request)
    {
        Key key = await FindToChangeAsync(call, request.KeyId);
        await call.Service<RotationPeriods>().SetAsync(call.Caller, key.Id, period: null, call.Aborted);
        return EmptyResponse.Instance;
    }

    private static async ValueTask<GetKeyRotationStatusResponse> GetStatusAsync(AwsCall call, GetKeyRotationStatusRequest request)
    {
        Key key = await FindAsync(call, request.KeyId);
        return key is { RotationPeriod: { } period, Enablement: not KeyEnablement.PendingDeletion }
            ? new GetKeyRotationStatusResponse(
                KeyRotationEnabled: true, key.Id.ToString(), (int)period.TotalDays, AwsParameters.SecondsOf(key.NextRotationAt))
            : new GetKeyRotationStatusResponse(
                KeyRotationEnabled: false, key.Id.ToString(), RotationPeriodInDays: null, NextRotationDate: null);
    }

    private static async ValueTask<RotateKeyOnDemandResponse> RotateAsync(AwsCall call, RotateKeyOnDemandRequest request)
    {
        Key key = await FindToChangeAsync(call, request.KeyId);
        KeyAddress address = key.Address;
        RotateKeyCommand command = new(
            new KeySelector(address.Algorithm, address.Name, address.Use),
            address.Algorithm.Name,
            ExpectedVersion: null,
            KeyLimitChanges.None);
        await call.Service<KeyLifecycle>().RotateAsync(call.Caller, command, request: null, call.Aborted);
        return new RotateKeyOnDemandResponse(key.Id.ToString());
    }

    private static async ValueTask<ListKeyRotationsResponse> ListAsync(AwsCall call, ListKeyRotationsRequest request)
    {
        int limit = AwsParameters.LimitOf(request.Limit, MostRotations, UsualRotations);
        bool withFirst = (request.IncludeKeyMaterial ?? "ROTATIONS_ONLY") switch
        {
            "ROTATIONS_ONLY" => false,
            "ALL_KEY_MATERIAL" => true,
            _ => throw KmsErrors.Invalid.With("'IncludeKeyMaterial' must be ROTATIONS_ONLY or ALL_KEY_MATERIAL."),
        };
        Key key = await FindAsync(call, request.KeyId);
        RotationPage page = await AwsParameters.PageAsync(
            request.Marker,
            () => call.Service<RotationHistory>().ListAsync(call.Caller, key.Id, withFirst, request.Marker, limit, call.Aborted));
        return new ListKeyRotationsResponse(
            [.. page.Rotations.Select(EntryOf)], page.NextCursor, Truncated: page.NextCursor is not null);
    }

    private static RotationsListEntry EntryOf(PastRotation rotation)
    {
        KeyVersion version = rotation.Version;
        string? state = KeyStateRules.IsOver(version) ? null : version.State == KeyState.Active ? "CURRENT" : "NON_CURRENT";
        return version.Version == 1
            ? new RotationsListEntry(version.KeyId.ToString(), state, RotationDate: null, RotationType: null)
            : new RotationsListEntry(
                version.KeyId.ToString(),
                state,
                AwsParameters.SecondsOf(version.CreatedAt),
                rotation.IsAutomatic ? "AUTOMATIC" : "ON_DEMAND");
    }

    // In AWS's words; what it does refuses such a key once more, in those of REST.
    private static async ValueTask<Key> FindToChangeAsync(AwsCall call, string? keyId)
    {
        Key key = await FindAsync(call, keyId);
        return key.Enablement == KeyEnablement.PendingDeletion ? throw AwsKeys.PendingDeletion(call, key.Id) : key;
    }

    private static async ValueTask<Key> FindAsync(AwsCall call, string? keyId)
    {
        Key key = await AwsKeys.GetAsync(call, keyId);
        return AwsNames.KeySpecOf(key.Address.Algorithm) == AwsNames.Symmetric
            ? key
            : throw AwsErrors.Unsupported.With("Only symmetric encryption keys rotate: this key cannot.");
    }
}
