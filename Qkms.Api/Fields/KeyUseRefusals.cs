namespace Qkms.Api.Fields;

/// <summary>The refusals that the uses of keys have in common.</summary>
internal static class KeyUseRefusals
{
    /// <summary>For operations that make something new with a key.</summary>
    public static readonly KmsError[] Creating =
    [
        KmsErrors.KeyVersionNotFound, KmsErrors.KeyRevoked, KmsErrors.KeyExpired, KmsErrors.KeyRetired, KmsErrors.KeyDestroyed,
        KmsErrors.KeyDisabled, KmsErrors.WrongOperation,
    ];

    /// <summary>For operations that read with a key.</summary>
    public static readonly KmsError[] Reading =
    [
        KmsErrors.KeyVersionNotFound, KmsErrors.KeyRevoked, KmsErrors.KeyExpired, KmsErrors.KeyDestroyed, KmsErrors.KeyDisabled,
        KmsErrors.WrongOperation,
    ];

    /// <summary>For operations that decrypt with a key.</summary>
    public static readonly KmsError[] Decrypting = [.. Reading, KmsErrors.DecryptionFailed];
}
