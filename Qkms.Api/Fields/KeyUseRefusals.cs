namespace Qkms.Api.Fields;

/// <summary>The refusals that the uses of keys have in common.</summary>
internal static class KeyUseRefusals
{
    /// <summary>Of what makes something new with a key.</summary>
    public static readonly KmsError[] Creating =
    [
        KmsErrors.KeyVersionNotFound, KmsErrors.KeyRevoked, KmsErrors.KeyExpired, KmsErrors.KeyRetired, KmsErrors.KeyDestroyed, KmsErrors.KeyDisabled, KmsErrors.WrongOperation,
    ];

    /// <summary>Of what reads with a key.</summary>
    public static readonly KmsError[] Reading =
    [
        KmsErrors.KeyVersionNotFound, KmsErrors.KeyRevoked, KmsErrors.KeyExpired, KmsErrors.KeyDestroyed, KmsErrors.KeyDisabled, KmsErrors.WrongOperation,
    ];

    /// <summary>Of what decrypts with a key.</summary>
    public static readonly KmsError[] Decrypting = [.. Reading, KmsErrors.DecryptionFailed];
}
