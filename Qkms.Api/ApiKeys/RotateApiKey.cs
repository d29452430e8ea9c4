using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Administration;
using Qkms.Core.Idempotency;

namespace Qkms.Api.ApiKeys;

internal sealed record RotateApiKeyRequest(
    [property: Required, ApiKeyIdField(Example = "0198f5c2-7d1b-7a6d-95b4-cf3e2d10a978")]
    [property: Description("The id of the API key to replace.")]
    string? ApiKeyId,
    [property: GraceField]
    [property: Description("How long the old API key goes on, in seconds. Default: 86,400 (a day) for your own, 0 for others.")]
    int? GraceSeconds);

/// <summary>How long an API key goes on that was replaced.</summary>
internal sealed class GraceFieldAttribute : FieldAttribute
{
    public GraceFieldAttribute() => (Minimum, Maximum, Example) = (0, (long)ApiKeyRotation.MaxGrace.TotalSeconds, 3600);
}

internal sealed class RotateApiKeyRequestValidator : AbstractValidator<RotateApiKeyRequest>
{
    private static readonly int _most = (int)ApiKeyRotation.MaxGrace.TotalSeconds;

    public RotateApiKeyRequestValidator()
    {
        RuleFor(r => r.ApiKeyId).Must(id => id is not null).WithMessage("is required: the id of an API key");
        RuleFor(r => r.GraceSeconds)
            .Must(seconds => seconds is null || (seconds >= 0 && seconds <= _most))
            .WithMessage($"must be a whole number from 0 to {_most}");
    }
}

internal static class RotateApiKey
{
    public static void MapRotateApiKey(this IEndpointRouteBuilder tenants) =>
        tenants.MapPost("/{tenant_id}/api-keys/rotate", HandleAsync)
            .WithName("RotateApiKey")
            .WithSummary("Makes an API key that may do the same and takes the place of another one, which ends after a grace.")
            .WithDescription(
                "The tenant is that of your API key: 'tenant_id' of any of its API keys. An expiry is counted anew: who had 90 days has 90 "
                + "days again. If the API key had replaced another one that is still in its grace, that one is revoked. The new API key is "
                + "shown this once: see CreateApiKey.")
            .WithRequestExample("""{"api_key_id":"paste-from-CreateApiKey","grace_seconds":3600}""")
            .WithValidation<RotateApiKeyRequest, RotateApiKeyRequestValidator>()
            .WithMetadata(ApiKeyEndpoints.NewApiKey)
            .Refuses(KmsErrors.NotFound, KmsErrors.ApiKeyState, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<CreatedReply<RotatedApiKeyResponse>> HandleAsync(
        [FromRoute(Name = "tenant_id"), TenantIdField, ParameterExample(ApiKeyIdFieldAttribute.Pasted)]
        [Description("The id of your tenant.")]
        string tenantId,
        RotateApiKeyRequest request,
        Caller caller,
        ApiKeyRotation apiKeys,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        // Another tenant's is answered like one that does not exist: the API key alone says whose request it is.
        if (!Guid.TryParseExact(tenantId, "D", out Guid tenant) || tenant != caller.TenantId.Value)
            throw ApiKeyReader.NotFound();

        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        TimeSpan? grace = request.GraceSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        Done<RotatedApiKey> done = await apiKeys.RotateAsync(
            caller, ApiKeyIdFieldAttribute.Read(request.ApiKeyId!), grace, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        RotatedApiKeyResponse data = new(done.Result, done.At);
        return Reply.Created(data, GetApiKey.RouteName, new { api_key_id = data.ApiKeyId });
    }
}
