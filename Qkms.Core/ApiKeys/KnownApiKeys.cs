using System.Collections.Concurrent;

namespace Qkms.Core.ApiKeys;

/// <summary>
/// Which look-ups may wait where known callers wait: those of API keys that were issued here, by their checksum, and of those issued
/// earlier once they have proven themselves. It decides who waits where, never who is let in: that the database says each time.
/// </summary>
internal sealed class KnownApiKeys
{
    // Only what contradicts the checksum is kept: nothing that is made up comes in here.
    private const int MostKept = 10_000;

    private readonly ConcurrentDictionary<ApiKeyProof, bool> _exceptions = new(new ApiKeyProofComparer());

    /// <summary>Whether an API key is known.</summary>
    public bool Knows(ApiKeyProof proof) => _exceptions.TryGetValue(proof, out bool known) ? known : proof.IsIssued;

    /// <summary>Learns from a look-up.</summary>
    /// <param name="proof">The API key.</param>
    /// <param name="found">Whether it has a row, and that has its secret.</param>
    public void Learn(ApiKeyProof proof, bool found)
    {
        if (found == proof.IsIssued)
        {
            _exceptions.TryRemove(proof, out _);
            return;
        }

        // To be learnt anew costs each of them one look-up among strangers.
        if (_exceptions.Count >= MostKept)
            _exceptions.Clear();

        _exceptions[proof] = found;
    }
}
