using System.ComponentModel;
using System.Text.Json.Serialization;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Api.Keys;
using Qkms.Core.Administration;
using Qkms.Core.Idempotency;

namespace Qkms.Api.ApiKeys;

internal sealed record UpdateApiKeyRequest(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), ApiKeyLabelField, Description("A text for people.")]
    TextMember Label,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), PermissionsField]
    [property: Description("The permissions that it is narrowed to; null for all of its roles.")]
    WordsMember Permissions,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), KeyNamesField]
    [property: Description("The key names that it is narrowed to, exact or as 'folder/*'; null for all.")]
    WordsMember KeyNames,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [property: Description("When it expires: in the future, at most 100 years ahead; null for never.")]
    TimeMember ExpiresAt);

internal sealed class UpdateApiKeyRequestValidator : AbstractValidator<UpdateApiKeyRequest>
{
    public UpdateApiKeyRequestValidator()
    {
        RuleFor(r => r.Label.Text).IsApiKeyLabel().OverridePropertyName("label").When(r => r.Label.IsGiven);
        RuleFor(r => r.Permissions.Words).IsPermissions().OverridePropertyName("permissions");
        RuleFor(r => r.KeyNames.Words).IsKeyNames().OverridePropertyName("key_names");
    }
}

internal static class UpdateApiKey
{
    public static void MapUpdateApiKey(this RouteGroupBuilder apiKeys) =>
        apiKeys.MapPatch("/{api_key_id}", HandleAsync)
            .WithName("UpdateApiKey")
            .WithSummary("Changes label, narrowing and expiry of an API key by a merge patch (RFC 7396): null removes a limit.")
            .WithDescription(
                "What the request does not name stays. The result may do no more than your API key. It holds for the next request here, "
                + "and within a second on other nodes.")
            .WithRequestExample("""{"label":"orders service, production","expires_at":"2034-01-02T03:04:05Z"}""")
            .WithMetadata(new BodyType(UpdateKey.MediaType))
            .WithValidation<UpdateApiKeyRequest, UpdateApiKeyRequestValidator>()
            .Refuses(
                KmsErrors.NotFound, KmsErrors.QuotaExceeded, KmsErrors.ApiKeyState, KmsErrors.LastAdminApiKey, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<Reply<ApiKeyResponse>> HandleAsync(
        [FromRoute(Name = "api_key_id"), ApiKeyIdField, ParameterExample(ApiKeyIdFieldAttribute.Pasted)]
        [Description("The id of the API key.")]
        string id,
        UpdateApiKeyRequest request,
        Caller caller,
        ApiKeyAdministration apiKeys,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        UpdateApiKeyCommand command = new(
            request.Label.Text, request.Permissions.Given, request.KeyNames.Given, request.ExpiresAt.Given);
        Done<ApiKeyInfo> done = await apiKeys.UpdateAsync(
            caller, ApiKeyIdFieldAttribute.Read(id), command, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Ok(ApiKeyResponse.From(done.Result, done.At));
    }
}
