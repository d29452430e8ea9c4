using System.Collections.Frozen;
using Microsoft.AspNetCore.Authorization;

namespace Qkms.Api.Hosting;

/// <summary>The table of routes and the permission that each needs. A route without a row stops the start.</summary>
/// <remarks>Which roles hold a permission says <see cref="Permissions.All"/>. docs/permissions.md shows both tables.</remarks>
internal static class RoutePermissions
{
    /// <summary>One row for each route.</summary>
    public static IReadOnlyList<RoutePermission> All { get; } =
    [
        new("POST", "/kms/keys/generate", Permission.KeysGenerate),
        new("GET", "/kms/keys", Permission.KeysRead),
        new("GET", "/kms/keys/active", Permission.KeysRead),
        new("GET", "/kms/keys/jwks", Permission.KeysRead),
        new("GET", "/kms/keys/{key}", Permission.KeysRead),
        new("GET", "/kms/keys/{kid}/public-key", Permission.KeysRead),
        new("GET", "/kms/keys/{kid}/chain", Permission.KeysRead),
        new("POST", "/kms/keys/rotate", Permission.KeysRotate),
        new("POST", "/kms/keys/{kid}/rotations", Permission.KeysRotate),
        new("GET", "/kms/rotation-jobs", Permission.KeysRead),
        new("GET", "/kms/rotation-jobs/{id}", Permission.KeysRead),
        new("DELETE", "/kms/rotation-jobs/{id}", Permission.KeysRotate),
        new("PATCH", "/kms/keys/{key}", Permission.KeysUpdate),
        new("POST", "/kms/keys/retire", Permission.KeysRetire),
        new("POST", "/kms/keys/{kid}/actions/revoke", Permission.KeysRevoke),
        new("DELETE", "/kms/keys/{key}", Permission.KeysDestroy),
        new("POST", "/kms/keys/{kid}/actions/cancel-deletion", Permission.KeysCancelDeletion),
        new("GET", "/kms/supported-algorithms", Permission.AlgorithmsRead),
        new("POST", "/crypto/encrypt", Permission.CryptoEncrypt),
        new("POST", "/crypto/decrypt", Permission.CryptoDecrypt),
        new("POST", "/crypto/re-encrypt", Permission.CryptoReEncrypt),
        new("POST", "/kem/encrypt", Permission.CryptoEncrypt),
        new("POST", "/kem/decrypt", Permission.CryptoDecrypt),
        new("POST", "/kem/encapsulate", Permission.KemEncapsulate),
        new("POST", "/kem/decapsulate", Permission.KemDecapsulate),
        new("POST", "/kem/key/wrap", Permission.KemWrap),
        new("POST", "/kem/key/unwrap", Permission.KemUnwrap),
        new("POST", "/signature/sign", Permission.Sign),
        new("POST", "/signature/verify", Permission.Verify),
        new("POST", "/signature/sign-hash", Permission.SignHash),
        new("POST", "/signature/verify-hash", Permission.VerifyHash),
        new("POST", "/signature/sign-mu", Permission.SignMu),
        new("POST", "/signature/verify-mu", Permission.VerifyMu),
        new("POST", "/mac/generate", Permission.GenerateMac),
        new("POST", "/mac/verify", Permission.VerifyMac),
        new("POST", "/data-keys/generate", Permission.DataKeysGenerate),
        new("POST", "/data-keys/decrypt", Permission.DataKeysDecrypt),
        new("POST", "/devices/{device_id}/keys", Permission.DevicesGenerate),
        new("POST", "/devices/{device_id}/keys/rotate", Permission.DevicesRotate),
        new("GET", "/devices/{device_id}/keys/{kid}/validity", Permission.DevicesRead),
        new("POST", "/devices/{device_id}/keys/{kid}/actions/revoke", Permission.DevicesRevoke),
        new("POST", "/devices/{device_id}/decrypt", Permission.DevicesDecrypt),
        new("POST", "/api-keys", Permission.ApiKeysCreate),
        new("GET", "/api-keys", Permission.ApiKeysRead),
        new("GET", "/api-keys/{api_key_id}", Permission.ApiKeysRead),
        new("PATCH", "/api-keys/{api_key_id}", Permission.ApiKeysUpdate),
        new("POST", "/api-keys/{api_key_id}/actions/disable", Permission.ApiKeysDisable),
        new("POST", "/api-keys/{api_key_id}/actions/enable", Permission.ApiKeysDisable),
        new("POST", "/tenants/{tenant_id}/api-keys/rotate", Permission.ApiKeysRotate),
        new("POST", "/api-keys/{api_key_id}/actions/revoke", Permission.ApiKeysRevoke),
        new("POST", "/tenants", Permission.TenantsCreate),
        new("GET", "/tenants", Permission.TenantsRead),
        new("GET", "/tenants/{tenant_id}", Permission.TenantsRead),
        new("PATCH", "/tenants/{tenant_id}", Permission.TenantsUpdate),
        new("POST", "/tenants/{tenant_id}/actions/suspend", Permission.TenantsSuspend),
        new("POST", "/tenants/{tenant_id}/actions/resume", Permission.TenantsSuspend),
        new("DELETE", "/tenants/{tenant_id}", Permission.TenantsDelete),
        new("POST", "/tenants/{tenant_id}/actions/cancel-deletion", Permission.TenantsCancelDeletion),
        new("GET", "/audit/events", Permission.AuditRead),
        new("GET", "/health/live", Permission: null),
        new("GET", "/health/ready", Permission: null),
    ];

    private static readonly FrozenDictionary<(string, string), RoutePermission> _rows =
        All.ToFrozenDictionary(row => (row.Verb, row.Path));

    /// <summary>Gives every route of a group what its row says.</summary>
    /// <exception cref="InvalidOperationException">A route has no row. Thrown when the endpoints are made, at the start.</exception>
    public static RouteGroupBuilder RequirePermissions(this RouteGroupBuilder routes)
    {
        // Last, when a route's verb is known.
        ((IEndpointConventionBuilder)routes).Finally(builder => builder.Metadata.Add(MetadataOf(FindRow((RouteEndpointBuilder)builder))));
        return routes;
    }

    private static object MetadataOf(RoutePermission row) =>
        row.Permission is { } permission ? new RequiredPermission(permission) : new AllowAnonymousAttribute();

    private static RoutePermission FindRow(RouteEndpointBuilder route)
    {
        string verb = route.Metadata.OfType<IHttpMethodMetadata>().Last().HttpMethods.Single();
        return _rows.GetValueOrDefault((verb, route.RoutePattern.RawText!))
            ?? throw new InvalidOperationException(
                $"{verb} {route.RoutePattern.RawText} has no row in {nameof(RoutePermissions)}: nobody may call it.");
    }
}

/// <summary>What a route needs.</summary>
/// <param name="Verb">The verb, in capitals.</param>
/// <param name="Path">The route's pattern.</param>
/// <param name="Permission">The permission; null = none, and no API key either.</param>
internal sealed record RoutePermission(string Verb, string Path, Permission? Permission);
