namespace Qkms.Core.Callers;

/// <summary>What can be allowed. Each route of the API needs exactly one.</summary>
internal enum Permission
{
    /// <summary><c>algorithms:read</c>: the catalogue of algorithms.</summary>
    AlgorithmsRead,

    /// <summary><c>keys:read</c>: metadata and public keys.</summary>
    KeysRead,

    /// <summary><c>keys:generate</c>.</summary>
    KeysGenerate,

    /// <summary><c>keys:rotate</c>.</summary>
    KeysRotate,

    /// <summary><c>keys:update</c>: limits and labels; aliases and tags.</summary>
    KeysUpdate,

    /// <summary><c>keys:retire</c>.</summary>
    KeysRetire,

    /// <summary><c>keys:revoke</c>.</summary>
    KeysRevoke,

    /// <summary><c>keys:destroy</c>.</summary>
    KeysDestroy,

    /// <summary>
    /// <c>keys:cancel-deletion</c>: call a destruction off; apart from ordering one, so that more people may stop it than start it.
    /// </summary>
    KeysCancelDeletion,

    /// <summary><c>api-keys:read</c>: API keys of the tenant, never their secrets.</summary>
    ApiKeysRead,

    /// <summary><c>api-keys:create</c>: make API keys that may do no more than one's own.</summary>
    ApiKeysCreate,

    /// <summary><c>api-keys:update</c>: label, narrowing and expiry.</summary>
    ApiKeysUpdate,

    /// <summary><c>api-keys:disable</c>: switch API keys off, and on again.</summary>
    ApiKeysDisable,

    /// <summary><c>api-keys:rotate</c>: replace API keys by new ones.</summary>
    ApiKeysRotate,

    /// <summary><c>api-keys:revoke</c>: withdraw API keys for good.</summary>
    ApiKeysRevoke,

    /// <summary><c>tenants:read</c>: the tenants, nothing of what they keep.</summary>
    TenantsRead,

    /// <summary><c>tenants:create</c>: make tenants, each with an API key that administers it.</summary>
    TenantsCreate,

    /// <summary><c>tenants:update</c>: name and plan.</summary>
    TenantsUpdate,

    /// <summary><c>tenants:suspend</c>: suspend tenants, and let them in again.</summary>
    TenantsSuspend,

    /// <summary><c>tenants:delete</c>: have tenants deleted after a waiting time.</summary>
    TenantsDelete,

    /// <summary>
    /// <c>tenants:cancel-deletion</c>: call a deletion off; apart from ordering one, so that more people may stop it than start it.
    /// </summary>
    TenantsCancelDeletion,

    /// <summary><c>audit:read</c>: the journal.</summary>
    AuditRead,

    /// <summary><c>crypto:encrypt</c>: encrypt to any encryption key.</summary>
    CryptoEncrypt,

    /// <summary><c>crypto:decrypt</c>: decrypt.</summary>
    CryptoDecrypt,

    /// <summary><c>crypto:re-encrypt</c>: move a ciphertext to another key without seeing what it holds.</summary>
    CryptoReEncrypt,

    /// <summary><c>kem:encapsulate</c>: make a shared secret.</summary>
    KemEncapsulate,

    /// <summary><c>kem:decapsulate</c>: recover a shared secret.</summary>
    KemDecapsulate,

    /// <summary><c>kem:wrap</c>: wrap a key.</summary>
    KemWrap,

    /// <summary><c>kem:unwrap</c>: unwrap a key.</summary>
    KemUnwrap,

    /// <summary><c>signature:sign</c>: sign messages.</summary>
    Sign,

    /// <summary><c>signature:verify</c>: verify signatures of messages.</summary>
    Verify,

    /// <summary><c>signature:sign-hash</c>: sign hashes whose message is not seen.</summary>
    SignHash,

    /// <summary><c>signature:verify-hash</c>: verify signatures of hashes.</summary>
    VerifyHash,

    /// <summary><c>signature:sign-mu</c>: sign representatives of messages that are not seen; as good as signing messages.</summary>
    SignMu,

    /// <summary><c>signature:verify-mu</c>: verify signatures of such representatives.</summary>
    VerifyMu,

    /// <summary><c>mac:generate</c>: make message authentication codes.</summary>
    GenerateMac,

    /// <summary><c>mac:verify</c>: verify message authentication codes.</summary>
    VerifyMac,

    /// <summary><c>data-keys:generate</c>: make data keys.</summary>
    DataKeysGenerate,

    /// <summary><c>data-keys:decrypt</c>: recover data keys, and nothing else.</summary>
    DataKeysDecrypt,

    /// <summary><c>devices:generate</c>: register devices, and read the public key of one.</summary>
    DevicesGenerate,

    /// <summary><c>devices:rotate</c>: give a device a new key before its time.</summary>
    DevicesRotate,

    /// <summary><c>devices:read</c>: whether a device's key is valid.</summary>
    DevicesRead,

    /// <summary><c>devices:decrypt</c>: decrypt what a device sends.</summary>
    DevicesDecrypt,

    /// <summary><c>devices:revoke</c>: revoke a device's key for good.</summary>
    DevicesRevoke,
}
