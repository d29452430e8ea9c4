namespace Qkms.Core.Callers;

/// <summary>The words for permissions, and the table of what each role may do.</summary>
internal static class Permissions
{
    private static readonly Permission[] _reading = [Permission.AlgorithmsRead, Permission.KeysRead];
    private static readonly Permission[] _using =
    [
        Permission.CryptoEncrypt, Permission.CryptoDecrypt, Permission.CryptoReEncrypt,
        Permission.KemEncapsulate, Permission.KemDecapsulate, Permission.KemWrap, Permission.KemUnwrap,
        Permission.Sign, Permission.Verify, Permission.SignHash, Permission.VerifyHash, Permission.SignMu, Permission.VerifyMu,
        Permission.DataKeysGenerate, Permission.DataKeysDecrypt,
    ];

    // An operator runs the installation and has no access to keys by that role: whoever needs both holds both.
    private static readonly Dictionary<Roles, IReadOnlySet<Permission>> _byRole = new()
    {
        [Roles.User] = new HashSet<Permission>([.. _reading, .. _using]),
        [Roles.Auditor] = new HashSet<Permission>([.. _reading, Permission.AuditRead]),
        [Roles.Admin] = new HashSet<Permission>([
            .. _reading, .. _using, Permission.KeysGenerate, Permission.KeysRotate, Permission.KeysUpdate, Permission.KeysRetire,
            Permission.KeysRevoke,
            Permission.KeysDestroy, Permission.KeysCancelDeletion, Permission.AuditRead
        ]),
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
        Permission.KeysUpdate => "keys:update",
        Permission.KeysRetire => "keys:retire",
        Permission.KeysRevoke => "keys:revoke",
        Permission.KeysDestroy => "keys:destroy",
        Permission.KeysCancelDeletion => "keys:cancel-deletion",
        Permission.AuditRead => "audit:read",
        Permission.CryptoEncrypt => "crypto:encrypt",
        Permission.CryptoDecrypt => "crypto:decrypt",
        Permission.CryptoReEncrypt => "crypto:re-encrypt",
        Permission.KemEncapsulate => "kem:encapsulate",
        Permission.KemDecapsulate => "kem:decapsulate",
        Permission.KemWrap => "kem:wrap",
        Permission.KemUnwrap => "kem:unwrap",
        Permission.Sign => "signature:sign",
        Permission.Verify => "signature:verify",
        Permission.SignHash => "signature:sign-hash",
        Permission.VerifyHash => "signature:verify-hash",
        Permission.SignMu => "signature:sign-mu",
        Permission.VerifyMu => "signature:verify-mu",
        Permission.DataKeysGenerate => "data-keys:generate",
        Permission.DataKeysDecrypt => "data-keys:decrypt",
        _ => throw new ArgumentOutOfRangeException(nameof(permission)),
    };

    private static HashSet<Permission> Union(Roles roles) =>
        _byRole.Where(row => roles.HasFlag(row.Key)).SelectMany(row => row.Value).ToHashSet();
}
