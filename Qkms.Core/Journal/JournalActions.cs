namespace Qkms.Core.Journal;

/// <summary>The words of the journal.</summary>
internal static class JournalActions
{
    /// <summary>A version was generated.</summary>
    public const string KeyGenerated = "key.generated";

    /// <summary>A version was made by rotation.</summary>
    public const string KeyRotated = "key.rotated";

    /// <summary>A version was retired.</summary>
    public const string KeyRetired = "key.retired";

    /// <summary>A version that was not active got a successor.</summary>
    public const string KeySuperseded = "key.superseded";

    /// <summary>The rotation period of a key has gone by; its next date was moved on.</summary>
    public const string KeyRotationDue = "key.rotation_due";

    /// <summary>A version was revoked.</summary>
    public const string KeyRevoked = "key.revoked";

    /// <summary>Limits or labels of a version were changed.</summary>
    public const string KeyUpdated = "key.updated";

    /// <summary>A version was used; the reason says for what, how often, and how many uses it has now.</summary>
    public const string KeyUsed = "key.used";

    /// <summary>A request, or items of one, was refused to an API key; or a number of them, which the reason gives.</summary>
    public const string RequestRefused = "request.refused";

    /// <summary>The destruction of a version was ordered; it waits.</summary>
    public const string KeyDestructionScheduled = "key.destruction_scheduled";

    /// <summary>The destruction of a version was called off.</summary>
    public const string KeyDestructionCancelled = "key.destruction_cancelled";

    /// <summary>The material of a version was erased.</summary>
    public const string KeyDestroyed = "key.destroyed";

    /// <summary>A key was switched off: none of its versions does anything.</summary>
    public const string KeyDisabled = "key.disabled";

    /// <summary>A key was switched on again.</summary>
    public const string KeyEnabled = "key.enabled";

    /// <summary>The deletion of a key with all of its versions was ordered; it waits, and the reason says until when.</summary>
    public const string KeyDeletionScheduled = "key.deletion_scheduled";

    /// <summary>The deletion of a key was called off; the key is disabled.</summary>
    public const string KeyDeletionCancelled = "key.deletion_cancelled";

    /// <summary>A key has another description; what it says stands in no event.</summary>
    public const string KeyDescriptionUpdated = "key.description_updated";

    /// <summary>A rotation was scheduled.</summary>
    public const string RotationScheduled = "rotation.scheduled";

    /// <summary>A scheduled rotation was called off.</summary>
    public const string RotationCancelled = "rotation.cancelled";

    /// <summary>A scheduled rotation has made its version.</summary>
    public const string RotationSucceeded = "rotation.succeeded";

    /// <summary>A scheduled rotation has failed, and is not tried again.</summary>
    public const string RotationFailed = "rotation.failed";

    /// <summary>A key signed a hash that is weaker than the key (FIPS 204, section 5.4).</summary>
    public const string WeakHashSigned = "key.weak_hash_signed";

    /// <summary>An alias was made; the event is about its key, and <c>to</c> is the alias.</summary>
    public const string AliasCreated = "alias.created";

    /// <summary>An alias was given another key, which the event is about.</summary>
    public const string AliasUpdated = "alias.updated";

    /// <summary>An alias was removed from its key.</summary>
    public const string AliasDeleted = "alias.deleted";

    /// <summary>Tags of a key were set.</summary>
    public const string KeyTagged = "key.tagged";

    /// <summary>Tags of a key were removed.</summary>
    public const string KeyUntagged = "key.untagged";

    /// <summary>A stored row or a wrapped key did not match its protection.</summary>
    public const string IntegrityFailed = "integrity.failed";

    /// <summary>A cryptographic implementation computed wrongly.</summary>
    public const string EngineFailed = "engine.failed";

    /// <summary>A tenant was made.</summary>
    public const string TenantCreated = "tenant.created";

    /// <summary>A tenant was renamed.</summary>
    public const string TenantUpdated = "tenant.updated";

    /// <summary>A tenant has another plan; the reason names both.</summary>
    public const string TenantPlanChanged = "tenant.plan_changed";

    /// <summary>A tenant was suspended.</summary>
    public const string TenantSuspended = "tenant.suspended";

    /// <summary>A tenant may use the service again.</summary>
    public const string TenantResumed = "tenant.resumed";

    /// <summary>What the actions on tenants begin with.</summary>
    public const string OfTenants = "tenant.";

    /// <summary>The deletion of a tenant was ordered; it waits.</summary>
    public const string TenantDeletionScheduled = "tenant.deletion_scheduled";

    /// <summary>The deletion of a tenant was called off.</summary>
    public const string TenantDeletionCancelled = "tenant.deletion_cancelled";

    /// <summary>The key of a tenant was destroyed; its journal ends with it.</summary>
    public const string TenantDeleted = "tenant.deleted";

    /// <summary>The last row of a deleted tenant is gone.</summary>
    public const string TenantErased = "tenant.erased";

    /// <summary>A tenant has a new key that wraps its private keys: <c>to</c>, in place of <c>from</c>.</summary>
    public const string TenantKeyRotated = "tenant_key.rotated";

    /// <summary>A former key of a tenant, <c>from</c>, wraps nothing any more and was destroyed.</summary>
    public const string TenantKeyDestroyed = "tenant_key.destroyed";

    /// <summary>The keyring has a new key that belongs to no tenant: <c>to</c>, after <c>from</c>; the reason says of which kind.</summary>
    public const string KeyringRotated = "keyring.rotated";

    /// <summary>The first event under a new journal key, which is <c>to</c>.</summary>
    public const string KeyringKeyUsed = "keyring.key_used";

    /// <summary>An API key was made.</summary>
    public const string ApiKeyCreated = "api_key.created";

    /// <summary>Label, narrowing or expiry of an API key was changed.</summary>
    public const string ApiKeyUpdated = "api_key.updated";

    /// <summary>An API key was switched off.</summary>
    public const string ApiKeyDisabled = "api_key.disabled";

    /// <summary>An API key was switched on again.</summary>
    public const string ApiKeyEnabled = "api_key.enabled";

    /// <summary>An API key was withdrawn for good.</summary>
    public const string ApiKeyRevoked = "api_key.revoked";

    /// <summary>An API key was replaced by another one; the reason names that one, and says when this one ends.</summary>
    public const string ApiKeyRotated = "api_key.rotated";

    /// <summary>The master key got another root key that opens it; from and to are the epochs of the set.</summary>
    public const string RootKeyAdded = "root_key.added";

    /// <summary>A root key opens the master key no longer; as above.</summary>
    public const string RootKeyRemoved = "root_key.removed";

    /// <summary>The journal of a tenant that was there before began as a stream; the reason says which events came before it.</summary>
    public const string JournalBegun = "journal.begun";

    /// <summary>A key as it stood when the journal of a tenant that was there before began.</summary>
    public const string KeyFound = "journal.key_found";

    /// <summary>From here on a node records every use, or only those of versions with a usage limit.</summary>
    public const string UsesSet = "journal.uses_set";

    /// <summary>An API key as it stood when the journal of a tenant that was there before began.</summary>
    public const string ApiKeyFound = "journal.api_key_found";

    /// <summary>The oldest events of this stream were removed; the reason names the last of them by position and hash.</summary>
    public const string Trimmed = "journal.trimmed";

    /// <summary>Whether it is an action that streams of uses have, and no life cycle.</summary>
    public static bool IsOfUses(string? action) => action is KeyUsed or RequestRefused or Trimmed;

    /// <summary>A node began a stream of uses.</summary>
    public const string StreamBegun = "journal.stream_begun";
}
