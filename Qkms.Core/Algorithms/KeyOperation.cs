namespace Qkms.Core.Algorithms;

/// <summary>What a key version can be asked to do with its material.</summary>
internal enum KeyOperation
{
    /// <summary>Encrypt to the key.</summary>
    Encrypt,

    /// <summary>Decrypt.</summary>
    Decrypt,

    /// <summary>Sign.</summary>
    Sign,

    /// <summary>Verify a signature.</summary>
    Verify,

    /// <summary>Make a shared secret for the key.</summary>
    Encapsulate,

    /// <summary>Recover a shared secret.</summary>
    Decapsulate,

    /// <summary>Wrap another key.</summary>
    Wrap,

    /// <summary>Unwrap another key.</summary>
    Unwrap,

    /// <summary>Make a data key and wrap it.</summary>
    GenerateDataKey,

    /// <summary>Recover a data key.</summary>
    DecryptDataKey,
}

/// <summary>What each operation needs of a key.</summary>
internal static class KeyOperations
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

/// <summary>What a key is for, fixed when it is made. The numbers are stored and never change.</summary>
internal enum KeyUse
{
    /// <summary><c>enc</c>: encryption, key encapsulation, wrapping.</summary>
    Encryption = 1,

    /// <summary><c>sig</c>: signatures.</summary>
    Signature = 2,
}
