using System.Text;
using Qkms.Core.Keyrings;
using Qkms.Core.Sealing;

namespace Qkms.Core.ApiKeys;

/// <summary>Makes the proof of a presented API key, and no copy of the key outside the stack.</summary>
internal sealed class ApiKeyProver(Keyring keyring)
{
    /// <summary>The length of a proof in bytes; 0 while the keyring is not open.</summary>
    internal int ProofLength => keyring.IsOpen ? ApiKeyProof.LengthFor(keyring.CredentialHashKeys.Count) : 0;

    /// <summary>
    /// Proves; false when it is no API key by its shape, or the keyring is not open. Throws nothing: it reads what clients send.
    /// </summary>
    /// <param name="presented">The key in ASCII, or whatever a client sent.</param>
    /// <param name="proof">Room for <see cref="ProofLength"/> bytes.</param>
    internal bool TryProve(ReadOnlySpan<byte> presented, Span<byte> proof)
    {
        if (proof.IsEmpty || proof.Length != ProofLength || !Ascii.IsValid(presented) || !ApiKeyFormat.IsWellFormed(presented))
            return false;

        ApiKeyFormat.IdOf(presented).CopyTo(proof);
        IReadOnlyList<WrappingKey> hashKeys = keyring.CredentialHashKeys;
        for (int i = 0; i < hashKeys.Count; i++)
            ApiKeyHash.Compute(hashKeys[i], presented, proof[ApiKeyProof.VerifierAt(i)]);

        return true;
    }
}
