using System.ComponentModel;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Administration;
using Qkms.Core.Idempotency;

namespace Qkms.Api.ApiKeys;

internal sealed record ApiKeyActionRequest(
    [property: ReasonField, Description("The reason, recorded in the journal.")] string? Reason);

internal sealed class ApiKeyActionRequestValidator : AbstractValidator<ApiKeyActionRequest>
{
    public ApiKeyActionRequestValidator() => RuleFor(r => r.Reason).IsReason();
}

/// <summary>Disable, enable and revoke: the same request and answer, and each a state of its own.</summary>
internal static class ApiKeyActions
{
    public static void MapApiKeyActions(this RouteGroupBuilder apiKeys)
    {
        apiKeys.MapPost("/{api_key_id}/actions/disable", DisableAsync)
            .WithName("DisableApiKey")
            .WithSummary("Disables an API key: it is refused from now on, until you enable it.")
            .WithRequestExample("""{"reason":"The service that uses it is switched off for a week."}""")
            .WithAction(KmsErrors.ApiKeyState, KmsErrors.LastAdminApiKey);
        apiKeys.MapPost("/{api_key_id}/actions/enable", EnableAsync)
            .WithName("EnableApiKey")
            .WithSummary("Enables an API key that was disabled.")
            .WithDescription("The API key may do no more than yours.")
            .WithRequestExample("""{"reason":"The service runs again."}""")
            .WithAction(KmsErrors.QuotaExceeded, KmsErrors.ApiKeyState);
    }

    /// <summary>Apart, because it stands last on the page: nothing can be done with the API key after it.</summary>
    public static void MapRevokeApiKey(this RouteGroupBuilder apiKeys) =>
        apiKeys.MapPost("/{api_key_id}/actions/revoke", RevokeAsync)
            .WithName("RevokeApiKey")
            .WithSummary("Revokes an API key for good: it is refused from now on.")
            .WithDescription("It holds for the next request here, and within a second on other nodes. A revoked one stays as it is.")
            .WithRequestExample("""{"reason":"The laptop that held it was stolen."}""")
            .WithAction(KmsErrors.LastAdminApiKey);

    private static void WithAction(this RouteHandlerBuilder route, params KmsError[] refusals) => route
        .WithOptionalValidation<ApiKeyActionRequest, ApiKeyActionRequestValidator>()
        .Refuses([KmsErrors.NotFound, .. refusals, KmsErrors.OutcomeUnknown])
        .WithIdempotencyKey();

    private static Task<Reply<ApiKeyResponse>> DisableAsync(
        [FromRoute(Name = "api_key_id"), ApiKeyIdField, ParameterExample(ApiKeyIdFieldAttribute.Pasted)]
        [Description("The id of the API key.")]
        string id,
        ApiKeyActionRequest? request,
        Caller caller,
        ApiKeyAdministration apiKeys,
        HttpContext http,
        CancellationToken cancellationToken) => ActAsync(id, request, caller, apiKeys.DisableAsync, http, cancellationToken);

    private static Task<Reply<ApiKeyResponse>> EnableAsync(
        [FromRoute(Name = "api_key_id"), ApiKeyIdField, ParameterExample(ApiKeyIdFieldAttribute.Pasted)]
        [Description("The id of the API key.")]
        string id,
        ApiKeyActionRequest? request,
        Caller caller,
        ApiKeyAdministration apiKeys,
        HttpContext http,
        CancellationToken cancellationToken) => ActAsync(id, request, caller, apiKeys.EnableAsync, http, cancellationToken);

    private static Task<Reply<ApiKeyResponse>> RevokeAsync(
        [FromRoute(Name = "api_key_id"), ApiKeyIdField, ParameterExample(ApiKeyIdFieldAttribute.Pasted)]
        [Description("The id of the API key.")]
        string id,
        ApiKeyActionRequest? request,
        Caller caller,
        ApiKeyAdministration apiKeys,
        HttpContext http,
        CancellationToken cancellationToken) => ActAsync(id, request, caller, apiKeys.RevokeAsync, http, cancellationToken);

    private delegate Task<Done<ApiKeyInfo>> Act(
        Caller caller, CredentialId id, string? reason, RepeatableRequest? request, CancellationToken cancellationToken);

    private static async Task<Reply<ApiKeyResponse>> ActAsync(
        string id, ApiKeyActionRequest? request, Caller caller, Act act, HttpContext http, CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        Done<ApiKeyInfo> done = await act(caller, ApiKeyIdFieldAttribute.Read(id), request?.Reason, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Ok(ApiKeyResponse.From(done.Result, done.At));
    }
}
