namespace Qkms.Core.Algorithms;

/// <summary>What each operation needs of a key.</summary>
public static class KeyOperations
{
    /// <summary>Whether it makes something new with the key, which only an active version does; the others read what is there.</summary>
    public static bool Creates(this KeyOperation operation) => operation is
        KeyOperation.Encrypt or KeyOperation.Sign or KeyOperation.Encapsulate or KeyOperation.Wrap or KeyOperation.GenerateDataKey;

    /// <summary>The use that the key must have.</summary>
    public static KeyUse Use(this KeyOperation operation) =>
        operation is KeyOperation.Sign or KeyOperation.Verify ? KeyUse.Signature : KeyUse.Encryption;

    /// <summary>Whether keys of a family and use can do it at all.</summary>
    public static bool IsFor(this KeyOperation operation, KeyFamily family, KeyUse use) =>
        use == operation.Use() && family.Operations.Contains(operation);
}
