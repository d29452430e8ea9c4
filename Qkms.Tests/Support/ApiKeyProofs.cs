using Qkms.Core.ApiKeys;

namespace Qkms.Tests.Support;

internal static class ApiKeyProofs
{
    /// <summary>The proof of an API key; null when it is none by its shape, or the keyring is not open.</summary>
    public static ApiKeyProof? Prove(this ApiKeyProver prover, ReadOnlySpan<byte> presented)
    {
        byte[] proof = new byte[prover.ProofLength];
        return prover.TryProve(presented, proof) ? new ApiKeyProof(proof) : null;
    }
}
