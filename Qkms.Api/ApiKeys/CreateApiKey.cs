using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using FluentValidation;
using Qkms.Api.Idempotency;
using Qkms.Core.Administration;
using Qkms.Core.ApiKeys;
using Qkms.Core.Idempotency;

namespace Qkms.Api.ApiKeys;

internal sealed record CreateApiKeyRequest(
    [property: Required, ApiKeyLabelField, Description("A text for people: who uses it, and where.")] string? Label,
    [property: Required, RolesField(MinItems = 1), Description("Its roles: it may do what any of them allows.")]
    IReadOnlyList<string?>? Roles,
    [property: PermissionsField, Description("The permissions that it is narrowed to. Default: all of its roles.")]
    IReadOnlyList<string?>? Permissions,
    [property: KeyNamesField, Description("The key names that it is narrowed to, exact or as 'folder/*'. Default: all.")]
    IReadOnlyList<string?>? KeyNames,
    [property: Field(Example = Examples.LaterTime), Description("When it expires: in the future, at most 100 years ahead. Default: never.")]
    DateTimeOffset? ExpiresAt,
    [property: CredentialKindField]
    [property: Description("'api_key' for the header x-api-key, or 'sigv4' for clients of AWS KMS. Default: api_key.")]
    string? Kind);

internal sealed class CreateApiKeyRequestValidator : AbstractValidator<CreateApiKeyRequest>
{
    public CreateApiKeyRequestValidator()
    {
        RuleFor(r => r.Label).IsApiKeyLabel();
        RuleFor(r => r.Roles).IsRoles();
        RuleFor(r => r.Permissions).IsPermissions();
        RuleFor(r => r.KeyNames).IsKeyNames();
        RuleFor(r => r.Kind)
            .Must(kind => kind is null || CredentialKindFieldAttribute.Kinds.Contains(kind)).WithMessage("must be api_key or sigv4");
    }
}

internal static class CreateApiKey
{
    public static void MapCreateApiKey(this RouteGroupBuilder apiKeys) =>
        apiKeys.MapPost("", HandleAsync)
            .WithName("CreateApiKey")
            .WithSummary("Makes an API key that may do no more than yours, and shows it this once.")
            .WithDescription(
                "Qkms keeps a hash of the API key, not the API key; of kind 'sigv4' it keeps the secret, sealed. If the response is lost, "
                + "a repeated request with the same `Idempotency-Key` makes no second one and shows `api_key` as null: rotate the API key "
                + "or revoke it.")
            .WithRequestExample("""{"label":"orders service","roles":["user"],"key_names":["demo","orders/*"]}""")
            .WithValidation<CreateApiKeyRequest, CreateApiKeyRequestValidator>()
            .WithMetadata(ApiKeyEndpoints.NewApiKey)
            .Refuses(KmsErrors.QuotaExceeded, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<CreatedReply<CreatedApiKeyResponse>> HandleAsync(
        CreateApiKeyRequest request, Caller caller, ApiKeyAdministration apiKeys, HttpContext http, CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        ApiKeyGrants grants = new(
            RolesFieldAttribute.Parse(request.Roles!)!.Value, Given(request.Permissions), Given(request.KeyNames));
        Done<NewApiKeyResult> done = await apiKeys.CreateAsync(
            caller,
            new CreateApiKeyCommand(request.Label!, grants, request.ExpiresAt, request.Kind ?? Credential.ApiKeyKind),
            repeatable,
            cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        CreatedApiKeyResponse data = new(done.Result, done.At);
        return Reply.Created(data, GetApiKey.RouteName, new { api_key_id = data.ApiKeyId });
    }

    private static IReadOnlyList<string>? Given(IReadOnlyList<string?>? words) => words is null ? null : [.. words.OfType<string>()];
}
