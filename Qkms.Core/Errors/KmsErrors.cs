namespace Qkms.Core.Errors;

/// <summary>The catalogue of refusals. A code appears here once; a protocol adds those that only it knows.</summary>
internal static class KmsErrors
{
    /// <summary>No API key, or one that is not valid; the response does not say which.</summary>
    public static readonly KmsError Unauthenticated = new(
        "ERR_AUTH_001", KmsErrorKind.Unauthenticated, "A valid API key is required.");

    /// <summary>A quota of the tenant's plan.</summary>
    public static readonly KmsError QuotaExceeded = new(
        "ERR_FORBIDDEN_001", KmsErrorKind.Forbidden, "This tenant's plan does not allow this.");

    /// <summary>The API key's role or restrictions do not allow the operation.</summary>
    public static readonly KmsError NotPermitted = new(
        "ERR_FORBIDDEN_002", KmsErrorKind.Forbidden, "This API key does not allow this operation.");

    /// <summary>The tenant is suspended.</summary>
    public static readonly KmsError TenantSuspended = new("ERR_FORBIDDEN_003", KmsErrorKind.Forbidden, "This tenant is suspended.");

    /// <summary>A malformed request.</summary>
    public static readonly KmsError Invalid = new("ERR_INVALID_001", KmsErrorKind.Invalid, "The request is not valid.");

    /// <summary>A job, tenant, API key, device or other resource that does not exist for this caller.</summary>
    public static readonly KmsError NotFound = new("ERR_NOT_FOUND_001", KmsErrorKind.NotFound, "There is no such resource.");

    /// <summary>A key version that does not exist for this caller: unknown, another tenant's, or malformed.</summary>
    public static readonly KmsError KeyVersionNotFound = new("ERR_KMS_003", KmsErrorKind.NotFound, "Key version not found.");

    /// <summary>The active slot is taken.</summary>
    public static readonly KmsError ActiveKeyExists = new(
        "ERR_KMS_004", KmsErrorKind.Conflict, "An active key already exists for this algorithm: rotate it instead.");

    /// <summary>Retiring would leave no active version, or the version to destroy is active.</summary>
    public static readonly KmsError OnlyActiveKey = new("ERR_KMS_005", KmsErrorKind.Conflict,
        "The only active version is retired only where its key may be left without one, and an active version cannot be destroyed: "
        + "rotate, retire or revoke it first.");

    /// <summary>The version is revoked.</summary>
    public static readonly KmsError KeyRevoked = new("ERR_KMS_006", KmsErrorKind.Conflict, "The key is revoked.");

    /// <summary>The version is expired or used up.</summary>
    public static readonly KmsError KeyExpired = new(
        "ERR_KMS_007", KmsErrorKind.Conflict, "The key is expired or its usage limit is reached.");

    /// <summary>The version is retired.</summary>
    public static readonly KmsError KeyRetired = new(
        "ERR_KMS_008", KmsErrorKind.Conflict, "The key is retired: it decrypts and verifies, but does not encrypt or sign.");

    /// <summary>Another request was first: already rotated, kid taken, or not the expected version.</summary>
    public static readonly KmsError KeyChanged = new("ERR_KMS_009", KmsErrorKind.Conflict,
        "The key was already rotated, its kid already exists, or its version is not the expected one.");

    /// <summary>The version is destroyed or waits for its destruction.</summary>
    public static readonly KmsError KeyDestroyed = new(
        "ERR_KMS_010", KmsErrorKind.Conflict, "The key is destroyed or waiting for destruction.");

    /// <summary>The logical key is disabled.</summary>
    public static readonly KmsError KeyDisabled = new("ERR_KMS_011", KmsErrorKind.Conflict, "The key is disabled.");

    /// <summary>An idempotency key that stands for another request.</summary>
    public static readonly KmsError IdempotencyKeyReused = new(
        "ERR_KMS_012", KmsErrorKind.Conflict, "This idempotency key was used with another request, or by another API key.");

    /// <summary>A rotation job that has succeeded or failed.</summary>
    public static readonly KmsError RotationJobOver = new(
        "ERR_KMS_013", KmsErrorKind.Conflict, "The rotation job is over: it can no longer be cancelled.");

    /// <summary>The API key or its tenant has no cost units left for the request; nothing of it was done.</summary>
    public static readonly KmsError TooManyRequests = new(
        "ERR_RATE_001", KmsErrorKind.RateLimited, "Too many requests: nothing was done. Retry after the time in Retry-After.");

    /// <summary>An API key whose state does not allow the change: revoked, replaced, disabled or expired.</summary>
    public static readonly KmsError ApiKeyState = new(
        "ERR_API_KEY_001", KmsErrorKind.Conflict, "The state of the API key does not allow this.");

    /// <summary>The last API key that can administer its tenant.</summary>
    public static readonly KmsError LastAdminApiKey = new("ERR_API_KEY_002", KmsErrorKind.Conflict,
        "No API key would be left that has the role admin, is not narrowed and can be used: make another one first.");

    /// <summary>A name that another tenant has.</summary>
    public static readonly KmsError TenantNameTaken = new("ERR_TENANT_001", KmsErrorKind.Conflict, "Another tenant has this name.");

    /// <summary>What an operator does not do to the tenant of his own API key.</summary>
    public static readonly KmsError OwnTenant = new("ERR_TENANT_002", KmsErrorKind.Conflict,
        "This is the tenant of the API key that asks, which would shut itself out.");

    /// <summary>A tenant whose state does not allow the change: it is deleted, or waits for that.</summary>
    public static readonly KmsError TenantState = new(
        "ERR_TENANT_003", KmsErrorKind.Conflict, "The tenant is deleted, or waits for its deletion: its state does not allow this.");

    /// <summary>A ciphertext that does not open: the same message for every cause.</summary>
    public static readonly KmsError DecryptionFailed = new("ERR_KEM_001", KmsErrorKind.Invalid, "Decryption failed.");

    /// <summary>An operation that this key's algorithm or use does not support.</summary>
    public static readonly KmsError WrongOperation = new("ERR_SIG_001", KmsErrorKind.Invalid, "This key does not support this operation.");

    /// <summary>A device has had as many new keys in a day as it may have.</summary>
    public static readonly KmsError TooManyGenerations = new(
        "ERR_RATE_002", KmsErrorKind.RateLimited, "This device has had as many new keys in 24 hours as it may have.");

    /// <summary>A fault of the service.</summary>
    public static readonly KmsError Internal = new("ERR_INTERNAL_001", KmsErrorKind.Internal, "An unexpected error occurred.");

    /// <summary>Storage or key generation is not available now; nothing was committed.</summary>
    public static readonly KmsError Unavailable = new(
        "ERR_SERVICE_001", KmsErrorKind.Unavailable, "The service cannot do this right now. Nothing was changed; retry later.");

    /// <summary>
    /// The database did not say whether a change was committed. Not <see cref="Unavailable"/>, after which a client may retry blindly.
    /// </summary>
    public static readonly KmsError OutcomeUnknown = new("ERR_SERVICE_002", KmsErrorKind.Internal,
        "The database did not confirm in time whether the change was made. It was made completely or not at all: check before you retry.");

    /// <summary>Every entry.</summary>
    public static readonly IReadOnlyList<KmsError> All =
    [
        Unauthenticated, QuotaExceeded, NotPermitted, TenantSuspended,
        Invalid, NotFound,
        KeyVersionNotFound, ActiveKeyExists, OnlyActiveKey, KeyRevoked, KeyExpired, KeyRetired, KeyChanged, KeyDestroyed, KeyDisabled,
        IdempotencyKeyReused, RotationJobOver, ApiKeyState, LastAdminApiKey, TenantNameTaken, OwnTenant, TenantState, TooManyRequests,
        DecryptionFailed, WrongOperation, TooManyGenerations, Internal, Unavailable, OutcomeUnknown,
    ];
}
