namespace Qkms.Core.Callers;

/// <summary>What an API key may do: what its roles allow, less what it was narrowed from.</summary>
internal sealed class Access
{
    private readonly Roles _roles;
    private readonly string[]? _permissions;
    private readonly string[]? _names;

    /// <summary>Roles and narrowing as a credential holds them.</summary>
    /// <param name="roles">The roles.</param>
    /// <param name="permissions">Permission words parted by spaces; null = all that the roles allow.</param>
    /// <param name="keyScope">Key names parted by spaces, exact or <c>prefix/*</c>; null = all.</param>
    public Access(Roles roles, string? permissions, string? keyScope)
    {
        _roles = roles;
        _permissions = permissions?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _names = keyScope?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Whether an operation is allowed.</summary>
    public bool Allows(Permission permission) =>
        Permissions.Of(_roles).Contains(permission)
        && (_permissions is null || _permissions.Contains(permission.ToWire(), StringComparer.Ordinal));

    /// <summary>Whether a key of this name may be touched; null asks for every name at once.</summary>
    public bool Covers(KeyName? name) =>
        _names is null || (name is { } one && Array.Exists(_names, pattern => Matches(pattern, one.Value)));

    private static bool Matches(string pattern, string name) => pattern.EndsWith("/*", StringComparison.Ordinal)
        ? name.AsSpan().StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal)
        : name == pattern;
}
