using Qkms.Core.Algorithms;

namespace Qkms.Core.Keys;

/// <summary>What each operation needs of a key: the table that goes with <see cref="KeyStateRules"/>.</summary>
public static class KeyOperations
{
    /// <summary>Whether it makes something new with the key, which only an active version does; the others read what is there.</summary>
    public static bool Creates(this KeyOperation operation) => operation is
        KeyOperation.Encrypt or KeyOperation.Sign or KeyOperation.Encapsulate or KeyOperation.Wrap or KeyOperation.GenerateDataKey;

    /// <summary>The use that the key must have.</summary>
    public static KeyUse Use(this KeyOperation operation) =>
        operation is KeyOperation.Sign or KeyOperation.Verify ? KeyUse.Signature : KeyUse.Encryption;

    /// <summary>Whether keys of a family and use can do it at all.</summary>
    public static bool IsFor(this KeyOperation operation, KeyAlgorithmFamily family, KeyUse use) =>
        use == operation.Use() && operation switch
        {
            KeyOperation.Encrypt or KeyOperation.Decrypt => family is KeyAlgorithmFamily.Aes or KeyAlgorithmFamily.MLKem or KeyAlgorithmFamily.Rsa,
            KeyOperation.Sign or KeyOperation.Verify => family is KeyAlgorithmFamily.MLDsa or KeyAlgorithmFamily.Rsa,
            KeyOperation.Encapsulate or KeyOperation.Decapsulate or KeyOperation.Wrap or KeyOperation.Unwrap => family is KeyAlgorithmFamily.MLKem,
            KeyOperation.GenerateDataKey or KeyOperation.DecryptDataKey => family is KeyAlgorithmFamily.Aes,
            _ => throw new ArgumentOutOfRangeException(nameof(operation)),
        };
}
