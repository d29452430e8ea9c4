namespace Qkms.Core.Algorithms;

/// <summary>What a blob of an AES-256 key is for. It is part of the key derivation, so that no blob opens as the other kind. The numbers never change.</summary>
public enum BlobPurpose : byte
{
    /// <summary>Data that a caller encrypted.</summary>
    Encryption = 1,

    /// <summary>A data key in its wrapped form.</summary>
    DataKey = 2,
}
