using System.Collections.Frozen;

namespace Qkms.Core.Callers;

/// <summary>What an API key may do: what its roles allow, less what it was narrowed from.</summary>
internal sealed class Access
{
    private readonly IReadOnlySet<Permission> _permissions;

    /// <summary>Roles and narrowing as a credential holds them.</summary>
    /// <param name="roles">The roles.</param>
    /// <param name="permissions">
    /// Permission words separated by spaces; null = all that the roles allow. A word that this build does not know allows nothing.
    /// </param>
    /// <param name="keyScope">Key names separated by spaces, exact or <c>prefix/*</c>; null = all.</param>
    public Access(Roles roles, string? permissions, string? keyScope)
    {
        Roles = roles;
        IReadOnlySet<Permission> ofRoles = Permissions.Of(roles);
        _permissions = permissions is null
            ? ofRoles
            : permissions.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(Permissions.Parse)
                .OfType<Permission>()
                .Where(ofRoles.Contains)
                .ToFrozenSet();
        Scope = keyScope is null ? KeyScope.All : KeyScope.Of(keyScope.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>The roles, narrowed or not.</summary>
    public Roles Roles { get; }

    /// <summary>The operations that are allowed.</summary>
    public IReadOnlySet<Permission> Permitted => _permissions;

    /// <summary>The names of the keys that may be touched.</summary>
    public KeyScope Scope { get; }

    /// <summary>Whether an operation is allowed.</summary>
    public bool Allows(Permission permission) => _permissions.Contains(permission);

    /// <summary>Whether a key of this name may be touched.</summary>
    public bool Covers(KeyName name) => Scope.Covers(name);
}
