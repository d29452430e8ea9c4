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

    /// <summary>Make a message authentication code.</summary>
    GenerateMac,

    /// <summary>Verify one; unlike a signature, only who has the key can.</summary>
    VerifyMac,
}

/// <summary>What each operation needs of a key.</summary>
internal static class KeyOperations
{
    private static readonly KeyUse[] _signing = [KeyUse.Signature];
    private static readonly KeyUse[] _encrypting = [KeyUse.Encryption];
    private static readonly KeyUse[] _encapsulating = [KeyUse.Encapsulation, KeyUse.Encryption];

    /// <summary>Whether it makes something new with the key, which only an active version does; the others read what is there.</summary>
    public static bool Creates(this KeyOperation operation) => operation is
        KeyOperation.Encrypt or KeyOperation.Sign or KeyOperation.Encapsulate or KeyOperation.Wrap or KeyOperation.GenerateDataKey
        or KeyOperation.GenerateMac;

    /// <summary>Whether it counts as a use: everything but verifying signatures, for which nobody needs the service.</summary>
    public static bool IsCounted(this KeyOperation operation) => operation != KeyOperation.Verify;

    /// <summary>
    /// Whether every key gives a result, also one that it was not made for: FIPS 203's decapsulation answers a foreign ciphertext with
    /// another secret. Which version is meant has to be said then; the other operations show it by failing.
    /// </summary>
    public static bool NeverFails(this KeyOperation operation) => operation == KeyOperation.Decapsulate;

    /// <summary>The uses of which the key must have one; the first is looked for first.</summary>
    public static IReadOnlyList<KeyUse> Uses(this KeyOperation operation) => operation switch
    {
        KeyOperation.Sign or KeyOperation.Verify or KeyOperation.GenerateMac or KeyOperation.VerifyMac => _signing,
        KeyOperation.Encapsulate or KeyOperation.Decapsulate => _encapsulating,
        _ => _encrypting,
    };

    /// <summary>Whether keys of a family and use can do it at all.</summary>
    public static bool IsFor(this KeyOperation operation, KeyFamily family, KeyUse use) =>
        operation.Uses().Contains(use) && family.Operations.Contains(operation);
}

/// <summary>What a key is for, fixed when it is made. The numbers are stored and never change.</summary>
internal enum KeyUse
{
    /// <summary>
    /// <c>enc</c>: encryption and wrapping. An ML-KEM key also encapsulates, and decapsulates for those who may decrypt and unwrap.
    /// </summary>
    Encryption = 1,

    /// <summary><c>sig</c>: signatures and MACs (RFC 7517, section 4.2).</summary>
    Signature = 2,

    /// <summary><c>kem</c>: encapsulates and decapsulates, and nothing else.</summary>
    Encapsulation = 3,
}
