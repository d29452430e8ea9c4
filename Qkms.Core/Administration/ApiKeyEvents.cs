using System.Globalization;
using Qkms.Core.ApiKeys;

namespace Qkms.Core.Administration;

/// <summary>What the journal says of API keys, as the reason of an event.</summary>
internal static class ApiKeyEvents
{
    /// <summary>Of one that was made.</summary>
    public static string Describe(Credential made) => string.Join(
        ", ",
        [
            $"roles {made.Roles}".ToLowerInvariant(),
            .. made.Permissions is null ? Array.Empty<string>() : ["narrowed to operations"],
            .. made.KeyScope is null ? Array.Empty<string>() : ["narrowed to key names"],
            $"expires_at {Text(made.ExpiresAt)}",
        ]);

    /// <summary>Of one that was changed: what, and not what labels and narrowings say.</summary>
    public static string DescribeChange(Credential before, Credential after)
    {
        List<string> parts = [];
        if (before.Label != after.Label)
            parts.Add("label");

        if (before.Permissions != after.Permissions)
            parts.Add("permissions");

        if (before.KeyScope != after.KeyScope)
            parts.Add("key_names");

        if (before.ExpiresAt != after.ExpiresAt)
            parts.Add($"expires_at {Text(before.ExpiresAt)} to {Text(after.ExpiresAt)}");

        return string.Join(", ", parts);
    }

    /// <summary>A time.</summary>
    public static string Text(DateTimeOffset? at) =>
        at?.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture) ?? "none";
}
