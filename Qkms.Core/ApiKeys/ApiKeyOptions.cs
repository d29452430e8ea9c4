namespace Qkms.Core.ApiKeys;

/// <summary>Settings of API keys.</summary>
internal sealed class ApiKeyOptions
{
    /// <summary>What issued keys begin with: 1 to 32 letters, digits and <c>_</c>. Keys with an earlier prefix keep working.</summary>
    public string Prefix { get; init; } = "qkms";

    /// <summary>Whether API keys can begin with a prefix.</summary>
    public static bool IsPrefix(string prefix) => ApiKeyFormat.IsPrefix(prefix);
}
