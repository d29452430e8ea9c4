namespace Qkms.Api.Fields;

/// <summary>Bytes in base64url.</summary>
internal sealed class Base64UrlFieldAttribute : FieldAttribute
{
    public const string Base64Url = "^[A-Za-z0-9_-]+$";

    public Base64UrlFieldAttribute() => Pattern = Base64Url;
}
