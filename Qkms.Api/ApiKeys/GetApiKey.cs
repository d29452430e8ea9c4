using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Qkms.Core.Administration;
using Qkms.Core.Time;

namespace Qkms.Api.ApiKeys;

internal static class GetApiKey
{
    public const string RouteName = "GetApiKey";

    public static void MapGetApiKey(this RouteGroupBuilder apiKeys) =>
        apiKeys.MapGet("/{api_key_id}", HandleAsync)
            .WithName(RouteName)
            .WithSummary("Shows what one API key is and may do; never its secret.")
            .Refuses(KmsErrors.NotFound);

    private static async Task<Reply<ApiKeyResponse>> HandleAsync(
        [FromRoute(Name = "api_key_id"), ApiKeyIdField, ParameterExample(ApiKeyIdFieldAttribute.Pasted)]
        [Description("The id of the API key.")]
        string id,
        Caller caller,
        ApiKeyReader apiKeys,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        ApiKeyInfo found = await apiKeys.GetAsync(caller, ApiKeyIdFieldAttribute.Read(id), cancellationToken);
        return Reply.Ok(ApiKeyResponse.From(found, time.GetUtcMilliseconds()));
    }
}
