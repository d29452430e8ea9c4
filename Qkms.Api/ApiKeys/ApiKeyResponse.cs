using System.ComponentModel;
using Qkms.Core.Administration;

namespace Qkms.Api.ApiKeys;

internal record ApiKeyResponse(
    [property: Field(Example = "0198f5c2-7d1b-7a6d-95b4-cf3e2d10a978")]
    [property: Description("Id of the API key, as log and journal name it.")]
    Guid ApiKeyId,
    [property: Field(Example = "0198f5c2-7d1a-71c5-8d0e-3b94f6a2e817"), Description("Id of the tenant that it speaks for.")] Guid TenantId,
    [property: LookupIdField, Description("The 12 characters between the underscores of the API key. They are not secret.")]
    string LookupId,
    [property: ApiKeyLabelField, Description("A text for people.")] string Label,
    [property: RolesField, Description("Its roles: it may do what any of them allows.")] IReadOnlyList<string> Roles,
    [property: PermissionsField, Description("The permissions that it is narrowed to; null for all of its roles.")]
    IReadOnlyList<string>? Permissions,
    [property: KeyNamesField, Description("The key names that it is narrowed to, exact or as 'folder/*'; null for all.")]
    IReadOnlyList<string>? KeyNames,
    [property: ApiKeyStatusField, Description("Whether it can be used.")] string Status,
    [property: Field(Example = Examples.Time), Description("When it was made.")] DateTimeOffset CreatedAt,
    [property: Field(Example = Examples.LaterTime), Description("When it expires; null for never.")] DateTimeOffset? ExpiresAt,
    [property: Field(Example = Examples.LaterTime), Description("When it ends because it was rotated; null if it was not.")]
    DateTimeOffset? GraceUntil,
    [property: Field(Example = "0198f5c2-7d1b-7a6d-95b4-cf3e2d10a979"), Description("Id of the API key that has replaced it, if any.")]
    Guid? ReplacedBy,
    [property: Field(Example = Examples.Time), Description("When it was last used, at most a minute ago; null for never.")]
    DateTimeOffset? LastUsedAt)
{
    public static ApiKeyResponse From(ApiKeyInfo info, DateTimeOffset now) => new(
        info.Id.Value,
        info.TenantId.Value,
        info.LookupId,
        info.Label,
        RolesFieldAttribute.WordsOf(info.Roles),
        info.Permissions,
        info.KeyNames,
        ApiKeyStatusFieldAttribute.WordOf(info.StatusAt(now)),
        info.CreatedAt,
        info.ExpiresAt,
        info.GraceUntil,
        info.SuccessorId?.Value,
        info.LastUsedAt);
}

internal record CreatedApiKeyResponse : ApiKeyResponse, IDisposable
{
    public CreatedApiKeyResponse(NewApiKeyResult made, DateTimeOffset now)
        : base(From(made.Info, now)) => ApiKey = made.Text is null ? null : new ApiKeyText(made.Text);

    [Description("The API key. It is shown this once: Qkms keeps only a hash. Null in the response to a repeated request.")]
    public ApiKeyText? ApiKey { get; }

    /// <summary>Zeroes the API key.</summary>
    public void Dispose()
    {
        ApiKey?.Bytes.Dispose();
        GC.SuppressFinalize(this);
    }
}

internal sealed record RotatedApiKeyResponse : CreatedApiKeyResponse
{
    public RotatedApiKeyResponse(RotatedApiKey rotated, DateTimeOffset now)
        : base(rotated.New, now) => Replaced = From(rotated.Old, now);

    [Description("The API key that it replaces. 'grace_until' says when that one ends.")]
    public ApiKeyResponse Replaced { get; }
}
