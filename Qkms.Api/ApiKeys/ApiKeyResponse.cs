using System.ComponentModel;
using Qkms.Core.Administration;
using Qkms.Core.ApiKeys;
using Qkms.Core.Secrets;

namespace Qkms.Api.ApiKeys;

internal record ApiKeyResponse(
    [property: Field(Example = "0198f5c2-7d1b-7a6d-95b4-cf3e2d10a978")]
    [property: Description("Id of the API key, as log and journal name it.")]
    Guid ApiKeyId,
    [property: Field(Example = "0198f5c2-7d1a-71c5-8d0e-3b94f6a2e817"), Description("Id of the tenant that it speaks for.")] Guid TenantId,
    [property: CredentialKindField, Description("What it is: 'api_key', or 'sigv4' for clients of AWS KMS.")] string Kind,
    [property: LookupIdField]
    [property: Description(
        "The 12 characters between the underscores of the API key; of kind 'sigv4' the access key id. They are not secret.")]
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
        info.Kind,
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
        : base(From(made.Info, now))
    {
        _text = made.Text;
        if (made.Text is null)
            return;

        if (made.Info.Kind == Credential.AccessKeyKind)
            SecretAccessKey = new SecretAccessKeyText(made.Text);
        else
            ApiKey = new ApiKeyText(made.Text);
    }

    private readonly SecretBytes? _text;

    [Description(
        "The API key. It is shown this once: Qkms keeps only a hash. Null in the response to a repeated request, and for 'sigv4'.")]
    public ApiKeyText? ApiKey { get; }

    [Description("The secret access key of kind 'sigv4', shown this once; 'lookup_id' is the access key id. Else null.")]
    public SecretAccessKeyText? SecretAccessKey { get; }

    /// <summary>Zeroes the API key.</summary>
    public void Dispose()
    {
        _text?.Dispose();
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
