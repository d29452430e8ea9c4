using System.Text;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;

namespace Qkms.Core.ApiKeys;

/// <summary>Makes the proof of a presented API key, and no copy of the key outside the stack.</summary>
internal sealed class ApiKeyProver(Keyring keyring)
{
    private readonly RecentProofs _recent = new();

    /// <summary>How many API keys need no more than a look when they come again.</summary>
    internal int Recalled => _recent.Count;

    /// <summary>The length of a proof in bytes; 0 while the keyring is not open.</summary>
    internal int ProofLength => keyring.IsOpen ? ApiKeyProof.LengthFor(keyring.CredentialHashKeys.Count) : 0;

    /// <summary>
    /// Proves; false when it is no API key by its shape and checksum, or the keyring is not open. Throws nothing: it reads what clients
    /// send.
    /// </summary>
    /// <param name="presented">The key in ASCII, or whatever a client sent.</param>
    /// <param name="proof">Room for <see cref="ProofLength"/> bytes, as that was a moment ago.</param>
    internal bool TryProve(ReadOnlySpan<byte> presented, Span<byte> proof)
    {
        // A key that came into the keyring since room was made for the proof is left out: nothing is hashed with it yet.
        int count = ApiKeyProof.HashKeysOf(proof.Length);
        if (count < 1 || proof.Length > ProofLength || proof.Length != ApiKeyProof.LengthFor(count))
            return false;

        if (!Ascii.IsValid(presented) || !ApiKeyFormat.HasShape(presented))
            return false;

        TextHash text = _recent.HashOf(presented);
        if (_recent.TryRecall(text, proof))
            return true;

        IReadOnlyList<WrappingKey> hashKeys = keyring.CredentialHashKeys;
        bool isIssued = false;
        for (int i = 0; i < count; i++)
            isIssued |= ApiKeyFormat.HasKeyedChecksum(presented, hashKeys[i]);

        if (!isIssued && !ApiKeyFormat.HasPublicChecksum(presented))
            return false;

        ApiKeyFormat.IdOf(presented).CopyTo(proof);
        for (int i = 0; i < count; i++)
            ApiKeyHash.Compute(hashKeys[i], presented, proof[ApiKeyProof.VerifierAt(i)]);

        ApiKeyProof.WriteIssued(proof, isIssued);
        if (isIssued)
            _recent.Keep(text, proof);

        return true;
    }
}
