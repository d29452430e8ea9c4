using Qkms.Core.Algorithms;

namespace Qkms.Core.Uses;

/// <summary>The names of operations in metrics and spans.</summary>
internal static class OperationNames
{
    /// <summary>Make the first or next version of a key.</summary>
    public const string GenerateKey = "generate_key";

    /// <summary>Put a new version into the place of the active one.</summary>
    public const string RotateKey = "rotate_key";

    /// <summary>Retire a version.</summary>
    public const string RetireKey = "retire_key";

    /// <summary>Revoke a version.</summary>
    public const string RevokeKey = "revoke_key";

    /// <summary>Change limits or labels of a version, or the description of a key.</summary>
    public const string UpdateKey = "update_key";

    /// <summary>Set a date for the destruction of a version.</summary>
    public const string ScheduleDestruction = "schedule_destruction";

    /// <summary>Cancel the destruction of a version.</summary>
    public const string CancelDestruction = "cancel_destruction";

    /// <summary>Erase the private key of a version whose date has come.</summary>
    public const string DestroyKey = "destroy_key";

    /// <summary>Switch a key on, with all of its versions.</summary>
    public const string EnableKey = "enable_key";

    /// <summary>Switch a key off.</summary>
    public const string DisableKey = "disable_key";

    /// <summary>Set a date for the deletion of a key.</summary>
    public const string ScheduleKeyDeletion = "schedule_key_deletion";

    /// <summary>Cancel the deletion of a key.</summary>
    public const string CancelKeyDeletion = "cancel_key_deletion";

    /// <summary>The name of a use of a key.</summary>
    public static string Of(KeyOperation operation) => operation switch
    {
        KeyOperation.Encrypt => "encrypt",
        KeyOperation.Decrypt => "decrypt",
        KeyOperation.Sign => "sign",
        KeyOperation.Verify => "verify",
        KeyOperation.Encapsulate => "encapsulate",
        KeyOperation.Decapsulate => "decapsulate",
        KeyOperation.Wrap => "wrap",
        KeyOperation.Unwrap => "unwrap",
        KeyOperation.GenerateDataKey => "generate_data_key",
        KeyOperation.DecryptDataKey => "decrypt_data_key",
        KeyOperation.GenerateMac => "generate_mac",
        KeyOperation.VerifyMac => "verify_mac",
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };
}
