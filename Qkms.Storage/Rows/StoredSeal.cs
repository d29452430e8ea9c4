namespace Qkms.Storage.Rows;

/// <summary>
/// A seal in its two columns: <c>seal</c> holds the format and the HMAC, and <c>seal_key_id</c> the id of the key that stands between them.
/// The first column had its check of 33 bytes before seals named their key, and SQLite changes no check.
/// </summary>
internal static class StoredSeal
{
    private const int KeyIdAt = 1;
    private const int KeyIdEnd = KeyIdAt + 16;

    /// <summary>The column <c>seal</c>.</summary>
    public static byte[] WithoutKeyId(byte[] seal) => [.. seal[..KeyIdAt], .. seal[KeyIdEnd..]];

    /// <summary>The column <c>seal_key_id</c>.</summary>
    public static byte[] KeyId(byte[] seal) => seal[KeyIdAt..KeyIdEnd];

    /// <summary>The seal of both columns. Without a key it is the one of an earlier build, as it stands.</summary>
    public static byte[] Join(byte[] seal, byte[]? keyId) =>
        keyId is null || seal.Length == 0 ? seal : [.. seal[..KeyIdAt], .. keyId, .. seal[KeyIdAt..]];
}
