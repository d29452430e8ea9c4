namespace Qkms.Api.Fields;

/// <summary>Key versions named in paths.</summary>
internal static class KeyPath
{
    /// <summary>The kid in a path. One that cannot exist is as absent as one that does not.</summary>
    public static Kid ToKid(string text) => Kid.TryParse(text, out Kid kid) ? kid : throw KmsErrors.KeyVersionNotFound.Refusal();
}
