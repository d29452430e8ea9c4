using System.Security.Cryptography;
using System.Text;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// What is left of a presented API key once its text is gone: the id that finds the row, and the keyed hash under each key of the
/// keyring, in the keyring's order.
/// </summary>
internal sealed class ApiKeyProof
{
    private readonly ReadOnlyMemory<byte> _bytes;

    internal ApiKeyProof(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>The id and the hashes.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.Span;

    internal string LookupId => Encoding.ASCII.GetString(_bytes.Span[..ApiKeyFormat.IdLength]);

    internal static int LengthFor(int hashKeys) => VerifierStart(hashKeys);

    /// <summary>The place of the hash under one key of the keyring.</summary>
    internal static Range VerifierAt(int hashKey) => VerifierStart(hashKey)..VerifierStart(hashKey + 1);

    /// <summary>The hash under one key of the keyring.</summary>
    internal ReadOnlySpan<byte> VerifierUnder(int hashKey) => _bytes.Span[VerifierAt(hashKey)];

    private static int VerifierStart(int hashKey) => ApiKeyFormat.IdLength + (hashKey * HMACSHA256.HashSizeInBytes);
}
