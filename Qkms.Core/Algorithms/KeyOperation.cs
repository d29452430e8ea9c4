namespace Qkms.Core.Algorithms;

/// <summary>What a key version can be asked to do with its material.</summary>
public enum KeyOperation
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
