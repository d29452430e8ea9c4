using System.Security.Cryptography;
using System.Text;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// What is left of a presented API key once its text is gone: the id that finds the row, the keyed hash under each key of the keyring, in
/// the keyring's order, and whether this installation wrote its checksum.
/// </summary>
internal sealed class ApiKeyProof
{
    private readonly ReadOnlyMemory<byte> _bytes;

    internal ApiKeyProof(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>The id, the hashes, and whether it was issued here.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.Span;

    internal string LookupId => Encoding.ASCII.GetString(_bytes.Span[..ApiKeyFormat.IdLength]);

    /// <summary>
    /// The checksum is keyed, so the API key was issued by this installation. It may be revoked, and its row may be gone.
    /// </summary>
    internal bool IsIssued => _bytes.Span[^1] != 0;

    /// <summary>Under how many keys of the keyring it has a hash: the first ones.</summary>
    internal int HashKeys => HashKeysOf(_bytes.Length);

    internal static int LengthFor(int hashKeys) => VerifierStart(hashKeys) + 1;

    /// <summary>How many hashes a proof of a length has.</summary>
    internal static int HashKeysOf(int length) => (length - 1 - ApiKeyFormat.IdLength) / HMACSHA256.HashSizeInBytes;

    /// <summary>Writes <see cref="IsIssued"/> into the bytes of a proof.</summary>
    internal static void WriteIssued(Span<byte> proof, bool isIssued) => proof[^1] = isIssued ? (byte)1 : (byte)0;

    /// <summary>The place of the hash under one key of the keyring.</summary>
    internal static Range VerifierAt(int hashKey) => VerifierStart(hashKey)..VerifierStart(hashKey + 1);

    /// <summary>The hash under one key of the keyring.</summary>
    internal ReadOnlySpan<byte> VerifierUnder(int hashKey) => _bytes.Span[VerifierAt(hashKey)];

    private static int VerifierStart(int hashKey) => ApiKeyFormat.IdLength + (hashKey * HMACSHA256.HashSizeInBytes);
}
