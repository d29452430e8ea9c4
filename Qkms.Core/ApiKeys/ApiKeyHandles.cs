using System.Buffers.Text;
using System.Security.Cryptography;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// Text that stands for a presented API key from the moment when its bytes arrive: <c>mark ‖ proof</c> in base64. It carries all
/// that authentication needs, so that nothing is kept for requests that are cut off.
/// </summary>
/// <remarks>
/// A handle is only read where every header went through <see cref="Write"/>: what a client sends is then never a handle itself. Should
/// that ever fail, the mark refuses one made from the hashes in the database: it is random and new in each process.
/// </remarks>
internal sealed class ApiKeyHandles(ApiKeyProver prover)
{
    private const int MarkLength = 16;

    // Room for the proof under seven hash keys; a keyring has one, and one more after each time that it was replaced.
    private const int LongestOnStack = 256;

    private readonly byte[] _mark = RandomNumberGenerator.GetBytes(MarkLength);

    /// <summary>The characters of a handle: the same number for every input.</summary>
    public int Length => Base64.GetMaxEncodedToUtf8Length(MarkLength + prover.ProofLength);

    // Of a handle: it may have been begun before the last key came into the keyring. Zero when it has the length of none.
    private int ByteLengthOf(int characters)
    {
        for (int length = prover.ProofLength; length >= ApiKeyProof.LengthFor(1); length -= HMACSHA256.HashSizeInBytes)
        {
            if (Base64.GetMaxEncodedToUtf8Length(MarkLength + length) == characters)
                return MarkLength + length;
        }

        return 0;
    }

    /// <summary>Writes the handle of what a client sent; dashes when that is no API key by its shape. Throws nothing.</summary>
    /// <param name="presented">The bytes of the header.</param>
    /// <param name="handle">Room for <see cref="Length"/> characters; filled whole.</param>
    public void Write(ReadOnlySpan<byte> presented, Span<char> handle)
    {
        int length = ByteLengthOf(handle.Length);
        if (length == 0)
        {
            handle.Fill('-');
            return;
        }

        Span<byte> bytes = length <= LongestOnStack ? stackalloc byte[LongestOnStack] : new byte[length];
        bytes = bytes[..length];
        _mark.CopyTo(bytes);
        if (!prover.TryProve(presented, bytes[MarkLength..]) || !Convert.TryToBase64Chars(bytes, handle, out _))
            handle.Fill('-');
    }

    /// <summary>The proof that a handle carries; null when it carries none.</summary>
    public ApiKeyProof? Read(ReadOnlySpan<char> handle)
    {
        int length = ByteLengthOf(handle.Length);
        if (length == 0)
            return null;

        byte[] bytes = new byte[length];
        return Convert.TryFromBase64Chars(handle, bytes, out int written)
            && written == bytes.Length
            && written > MarkLength
            && CryptographicOperations.FixedTimeEquals(bytes.AsSpan(0, MarkLength), _mark)
            ? new ApiKeyProof(bytes.AsMemory(MarkLength))
            : null;
    }
}
