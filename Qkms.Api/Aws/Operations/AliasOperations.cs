using Qkms.Core.Aliases;
using Qkms.Core.Keys;

namespace Qkms.Api.Aws.Operations;

internal sealed record CreateAliasRequest(string? AliasName, string? TargetKeyId);

internal sealed record UpdateAliasRequest(string? AliasName, string? TargetKeyId);

internal sealed record DeleteAliasRequest(string? AliasName);

internal sealed record ListAliasesRequest(string? KeyId, int? Limit, string? Marker);

internal sealed record ListAliasesResponse(IReadOnlyList<AliasListEntry> Aliases, string? NextMarker, bool Truncated);

/// <summary>An alias as ListAliases shows it; times are seconds since 1970.</summary>
internal sealed record AliasListEntry(
    string AliasName, string AliasArn, string TargetKeyId, double CreationDate, double LastUpdatedDate);

/// <summary>Operations on the names of keys.</summary>
internal static class AliasOperations
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 100;

    public static void MapAliases(this RouteGroupBuilder routes)
    {
        routes.MapOperation(
            "CreateAlias",
            new RequiredPermission(Permission.KeysUpdate),
            () => AwsJson.Default.CreateAliasRequest,
            () => AwsJson.Default.EmptyResponse,
            CreateAliasAsync);
        routes.MapOperation(
            "UpdateAlias",
            new RequiredPermission(Permission.KeysUpdate),
            () => AwsJson.Default.UpdateAliasRequest,
            () => AwsJson.Default.EmptyResponse,
            UpdateAliasAsync);
        routes.MapOperation(
            "DeleteAlias",
            new RequiredPermission(Permission.KeysUpdate),
            () => AwsJson.Default.DeleteAliasRequest,
            () => AwsJson.Default.EmptyResponse,
            DeleteAliasAsync);
        routes.MapOperation(
            "ListAliases",
            new RequiredPermission(Permission.KeysRead),
            () => AwsJson.Default.ListAliasesRequest,
            () => AwsJson.Default.ListAliasesResponse,
            ListAliasesAsync);
    }

    private static async ValueTask<EmptyResponse> CreateAliasAsync(AwsCall call, CreateAliasRequest request)
    {
        AliasName name = AwsAliases.Parse(request.AliasName, isReserved: true);
        KeyId target = AwsAliases.ParseTarget(call, request.TargetKeyId);
        if (!await call.Service<AliasChanges>().CreateAsync(call.Caller, name, target, call.Aborted))
            throw AwsErrors.AlreadyExists.With($"An alias with the name {AwsAliases.ArnOf(call, name)} already exists");

        return EmptyResponse.Instance;
    }

    private static async ValueTask<EmptyResponse> UpdateAliasAsync(AwsCall call, UpdateAliasRequest request)
    {
        AliasName name = AwsAliases.Parse(request.AliasName, isReserved: true);
        KeyId target = AwsAliases.ParseTarget(call, request.TargetKeyId);
        return await call.Service<AliasChanges>().UpdateAsync(call.Caller, name, target, call.Aborted)
            ? EmptyResponse.Instance
            : throw AwsAliases.NotFound(call, name);
    }

    private static async ValueTask<EmptyResponse> DeleteAliasAsync(AwsCall call, DeleteAliasRequest request)
    {
        AliasName name = AwsAliases.Parse(request.AliasName, isReserved: false);
        return await call.Service<AliasChanges>().DeleteAsync(call.Caller, name, call.Aborted)
            ? EmptyResponse.Instance
            : throw AwsAliases.NotFound(call, name);
    }

    private static async ValueTask<ListAliasesResponse> ListAliasesAsync(AwsCall call, ListAliasesRequest request)
    {
        int limit = AwsParameters.LimitOf(request.Limit, MaxLimit, DefaultLimit);
        Key? key = request.KeyId is null ? null : await AwsKeys.GetAsync(call, request.KeyId);
        AliasPage page = await call.Service<AliasReader>().ListAsync(call.Caller, key?.Id, request.Marker, limit, call.Aborted)
            ?? throw AwsErrors.InvalidMarker.Refusal();
        return new ListAliasesResponse(
            [
                .. page.Aliases.Select(alias => new AliasListEntry(
                    alias.Name.Value,
                    AwsAliases.ArnOf(call, alias.Name),
                    alias.KeyId.ToString(),
                    AwsParameters.SecondsOf(alias.CreatedAt),
                    AwsParameters.SecondsOf(alias.UpdatedAt))),
            ],
            page.NextCursor,
            Truncated: page.NextCursor is not null);
    }
}
