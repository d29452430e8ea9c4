using System.Collections.Frozen;

namespace Qkms.Core.Callers;

/// <summary>The permissions: the word for each, the roles that hold it, and what it allows.</summary>
internal static class Permissions
{
    private const Roles Everybody = Roles.Operator | Roles.Admin | Roles.User | Roles.Auditor;
    private const Roles Readers = Roles.Admin | Roles.User | Roles.Auditor;
    private const Roles KeyUsers = Roles.Admin | Roles.User;

    /// <summary>
    /// One row for each permission. An operator runs the installation and has no access to keys by that role: an API key that needs both
    /// has both roles.
    /// </summary>
    public static IReadOnlyList<PermissionRow> All { get; } =
    [
        new(Permission.AlgorithmsRead, "algorithms:read", Everybody, "Reads the catalogue of algorithms."),
        new(Permission.KeysRead, "keys:read", Readers, "Reads metadata and public keys, rotation chains and rotation jobs."),
        new(
            Permission.KeysGenerate,
            "keys:generate",
            Roles.Admin,
            "Makes the first version of a key, or the next one of a key that has no active version."),
        new(Permission.KeysRotate, "keys:rotate", Roles.Admin, "Makes the next version of a key, now or at a time, and cancels such jobs."),
        new(Permission.KeysUpdate, "keys:update", Roles.Admin, "Changes limits, expiry and labels; aliases and tags."),
        new(Permission.KeysRetire, "keys:retire", Roles.Admin, "Retires a version."),
        new(Permission.KeysRevoke, "keys:revoke", Roles.Admin, "Revokes a version for good."),
        new(Permission.KeysDestroy, "keys:destroy", Roles.Admin, "Orders the destruction of a version."),
        new(
            Permission.KeysCancelDeletion,
            "keys:cancel-deletion",
            Roles.Admin,
            "Cancels a destruction. Apart from ordering one, so that more people can stop it than start it."),
        new(
            Permission.ApiKeysRead,
            "api-keys:read",
            Roles.Admin | Roles.Auditor,
            "Reads what the API keys of the tenant are and may do, and when they were used; never their secrets."),
        new(Permission.ApiKeysCreate, "api-keys:create", Roles.Admin, "Makes API keys that may do no more than one's own."),
        new(Permission.ApiKeysUpdate, "api-keys:update", Roles.Admin, "Changes label, narrowing and expiry of API keys."),
        new(Permission.ApiKeysDisable, "api-keys:disable", Roles.Admin, "Disables and enables API keys."),
        new(Permission.ApiKeysRotate, "api-keys:rotate", Roles.Admin, "Replaces API keys by new ones."),
        new(Permission.ApiKeysRevoke, "api-keys:revoke", Roles.Admin, "Revokes API keys for good."),
        new(Permission.TenantsRead, "tenants:read", Roles.Operator, "Reads the tenants: name, plan and state, nothing of their keys."),
        new(Permission.TenantsCreate, "tenants:create", Roles.Operator, "Makes tenants, each with an API key that administers it."),
        new(Permission.TenantsUpdate, "tenants:update", Roles.Operator, "Changes name and plan of tenants."),
        new(Permission.TenantsSuspend, "tenants:suspend", Roles.Operator, "Suspends and resumes tenants."),
        new(Permission.TenantsDelete, "tenants:delete", Roles.Operator, "Has tenants deleted after a waiting time."),
        new(Permission.TenantsCancelDeletion, "tenants:cancel-deletion", Roles.Operator, "Calls the deletion of tenants off."),
        new(Permission.AuditRead, "audit:read", Roles.Admin | Roles.Auditor, "Reads the journal."),
        new(Permission.CryptoEncrypt, "crypto:encrypt", KeyUsers, "Encrypts."),
        new(Permission.CryptoDecrypt, "crypto:decrypt", KeyUsers, "Decrypts. Does not open data keys or wrapped keys."),
        new(
            Permission.CryptoReEncrypt,
            "crypto:re-encrypt",
            KeyUsers,
            "Moves a ciphertext to another key, for who may open the old one and make the new one."),
        new(Permission.KemEncapsulate, "kem:encapsulate", KeyUsers, "Makes a shared secret."),
        new(
            Permission.KemDecapsulate,
            "kem:decapsulate",
            KeyUsers,
            "Recovers a shared secret. Enough for keys whose `use` is `kem`; a key for `enc` needs `crypto:decrypt` and `kem:unwrap` too."),
        new(Permission.KemWrap, "kem:wrap", KeyUsers, "Wraps a key."),
        new(Permission.KemUnwrap, "kem:unwrap", KeyUsers, "Unwraps a key."),
        new(Permission.Sign, "signature:sign", KeyUsers, "Signs messages."),
        new(Permission.Verify, "signature:verify", KeyUsers, "Verifies signatures of messages."),
        new(
            Permission.SignHash,
            "signature:sign-hash",
            KeyUsers,
            "Signs hashes, whose message Qkms does not see. With RSA as good as signing messages."),
        new(Permission.VerifyHash, "signature:verify-hash", KeyUsers, "Verifies signatures of hashes."),
        new(
            Permission.SignMu,
            "signature:sign-mu",
            KeyUsers,
            "Signs message representatives (external μ), whose message Qkms does not see. As good as signing messages."),
        new(Permission.VerifyMu, "signature:verify-mu", KeyUsers, "Verifies signatures of message representatives."),
        new(Permission.GenerateMac, "mac:generate", KeyUsers, "Makes message authentication codes (HMAC)."),
        new(Permission.VerifyMac, "mac:verify", KeyUsers, "Verifies message authentication codes."),
        new(Permission.DataKeysGenerate, "data-keys:generate", KeyUsers, "Makes data keys."),
        new(Permission.DataKeysDecrypt, "data-keys:decrypt", KeyUsers, "Recovers data keys. Opens nothing else."),
        new(Permission.DevicesGenerate, "devices:generate", KeyUsers, "Registers devices: generates a key, or returns the valid one."),
        new(Permission.DevicesRotate, "devices:rotate", KeyUsers, "Gives a device a new key, and retires its others."),
        new(Permission.DevicesRead, "devices:read", Readers, "Reads whether a device's key is valid."),
        new(Permission.DevicesDecrypt, "devices:decrypt", KeyUsers, "Decrypts with devices' keys. Opens nothing else."),
        new(Permission.DevicesRevoke, "devices:revoke", Roles.Admin, "Revokes a device's key for good."),
    ];

    private static readonly FrozenDictionary<Permission, PermissionRow> _rows = All.ToFrozenDictionary(row => row.Permission);

    private static readonly FrozenDictionary<string, Permission> _byWord =
        All.ToFrozenDictionary(row => row.Word, row => row.Permission, StringComparer.Ordinal);

    // Asked for with every API key that is read, so each union is made once.
    private static readonly FrozenSet<Permission>[] _byRoles =
    [
        .. Enumerable.Range(0, (int)Everybody + 1)
            .Select(roles => All.Where(row => (row.Roles & (Roles)roles) != 0).Select(row => row.Permission).ToFrozenSet()),
    ];

    /// <summary>What a set of roles may do: the union.</summary>
    public static IReadOnlySet<Permission> Of(Roles roles) => _byRoles[(int)roles];

    /// <summary><c>keys:read</c> and so on.</summary>
    public static string ToWire(this Permission permission) => _rows[permission].Word;

    /// <summary>The permission that a word names; null for another word.</summary>
    public static Permission? Parse(string word) => _byWord.TryGetValue(word, out Permission permission) ? permission : null;
}

/// <summary>A permission.</summary>
/// <param name="Permission">The permission.</param>
/// <param name="Word">Its word, in requests and rows. It never changes.</param>
/// <param name="Roles">The roles that hold it.</param>
/// <param name="Meaning">What it allows, for people.</param>
internal sealed record PermissionRow(Permission Permission, string Word, Roles Roles, string Meaning);
