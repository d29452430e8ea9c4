using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// The proofs of issued API keys that were presented before, so that one that comes again costs one hash in place of two HMACs, which were
/// a quarter of a light request. They are found by SHA-256 over random bytes of this process and the text: what is kept says no more of an
/// API key than its verifier does. It decides nothing: who an API key proves, and whether it still does, is asked with the proof.
/// </summary>
internal sealed class RecentProofs
{
    // Only what has the keyed checksum comes in here, and so nothing that is made up.
    private const int MostKept = 10_000;
    private const int SaltLength = 32;

    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(SaltLength);
    private readonly ConcurrentDictionary<TextHash, byte[]> _proofs = new();

    /// <summary>How many are kept.</summary>
    public int Count => _proofs.Count;

    /// <summary>The hash by which a text is found.</summary>
    /// <param name="presented">The text, of at most <see cref="ApiKeyFormat.MaxLength"/> bytes.</param>
    public TextHash HashOf(ReadOnlySpan<byte> presented)
    {
        Span<byte> input = stackalloc byte[SaltLength + ApiKeyFormat.MaxLength];
        input = input[..(SaltLength + presented.Length)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        try
        {
            _salt.CopyTo(input);
            presented.CopyTo(input[SaltLength..]);
            SHA256.HashData(input, hash);
            return TextHash.From(hash);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(input);
        }
    }

    /// <summary>Writes the proof of a text that was kept; false when there is none, or it is one for another number of hash keys.</summary>
    public bool TryRecall(TextHash text, Span<byte> proof)
    {
        if (!_proofs.TryGetValue(text, out byte[]? kept) || kept.Length != proof.Length)
            return false;

        kept.CopyTo(proof);
        return true;
    }

    /// <summary>Keeps the proof of an API key that was issued here.</summary>
    public void Keep(TextHash text, ReadOnlySpan<byte> proof)
    {
        // To be made anew costs each of them as much as it did before.
        if (_proofs.Count >= MostKept)
            _proofs.Clear();

        _proofs[text] = proof.ToArray();
    }
}

/// <summary>A hash of 256 bits. Nobody outside can make one, so that how long a comparison takes says nothing.</summary>
internal readonly record struct TextHash(UInt128 First, UInt128 Second)
{
    public static TextHash From(ReadOnlySpan<byte> hash) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));

    /// <inheritdoc/>
    public override int GetHashCode() => (int)(uint)First;
}
