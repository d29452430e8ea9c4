namespace Qkms.Api.Fields;

/// <summary>Key versions named in paths.</summary>
internal static class KeyPath
{
    /// <summary>The kid in a path. A malformed kid is treated like one that does not exist.</summary>
    public static Kid ToKid(string text) => Kid.TryParse(text, out Kid kid) ? kid : throw KmsErrors.KeyVersionNotFound.Refusal();
}
