namespace Qkms.Core.Algorithms;

/// <summary>What a key is for, fixed when it is made. The numbers are stored and never change.</summary>
public enum KeyUse
{
    /// <summary><c>enc</c>: encryption, key encapsulation, wrapping.</summary>
    Encryption = 1,

    /// <summary><c>sig</c>: signatures.</summary>
    Signature = 2,
}
