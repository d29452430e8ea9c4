namespace Qkms.Core.Sealing;

/// <summary>What a sealed blob holds. It is part of the key derivation, so that no blob opens as another kind. The numbers never change.</summary>
public enum SealPurpose : byte
{
    /// <summary>The master key, under the root key.</summary>
    MasterKey = 1,

    /// <summary>A key of the keyring, under the master key.</summary>
    KeyringKey = 2,

    /// <summary>A private key, under a tenant key.</summary>
    PrivateKey = 3,

    /// <summary>The result of a request that may be sent again, under a tenant key.</summary>
    KeptResult = 4,
}
