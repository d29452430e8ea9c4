namespace Qkms.Core.ApiKeys;

/// <summary>The words for permissions, and the table of what each role may do.</summary>
public static class Permissions
{
    private static readonly Permission[] _reading = [Permission.AlgorithmsRead, Permission.KeysRead];

    // An operator runs the installation and has no access to keys by that role: whoever needs both holds both.
    private static readonly Dictionary<Roles, IReadOnlySet<Permission>> _byRole = new()
    {
        [Roles.User] = new HashSet<Permission>(_reading),
        [Roles.Auditor] = new HashSet<Permission>(_reading),
        [Roles.Admin] = new HashSet<Permission>([.. _reading, Permission.KeysGenerate, Permission.KeysRotate, Permission.KeysRetire, Permission.KeysRevoke]),
        [Roles.Operator] = new HashSet<Permission>([Permission.AlgorithmsRead]),
    };

    // Asked for with every request, so each union is made once.
    private static readonly IReadOnlySet<Permission>[] _byRoles =
        [.. Enumerable.Range(0, (int)(Roles.User | Roles.Auditor | Roles.Admin | Roles.Operator) + 1).Select(roles => Union((Roles)roles))];

    /// <summary>What a set of roles may do: the union.</summary>
    public static IReadOnlySet<Permission> Of(Roles roles) => _byRoles[(int)roles];

    /// <summary><c>keys:read</c> and so on.</summary>
    public static string ToWire(this Permission permission) => permission switch
    {
        Permission.AlgorithmsRead => "algorithms:read",
        Permission.KeysRead => "keys:read",
        Permission.KeysGenerate => "keys:generate",
        Permission.KeysRotate => "keys:rotate",
        Permission.KeysRetire => "keys:retire",
        Permission.KeysRevoke => "keys:revoke",
        _ => throw new ArgumentOutOfRangeException(nameof(permission)),
    };

    private static HashSet<Permission> Union(Roles roles) =>
        _byRole.Where(row => roles.HasFlag(row.Key)).SelectMany(row => row.Value).ToHashSet();
}
