using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Qkms.Core.ApiKeys;

/// <summary>Takes proofs for equal that were made from the same API key. Only the id, which is no secret, decides where to look.</summary>
internal sealed class ApiKeyProofComparer : IEqualityComparer<ApiKeyProof>
{
    public bool Equals(ApiKeyProof? x, ApiKeyProof? y) =>
        x is not null && y is not null && x.LookupId == y.LookupId && x.Newest.HashKeyId == y.Newest.HashKeyId
        && CryptographicOperations.FixedTimeEquals(x.Newest.Verifier, y.Newest.Verifier);

    public int GetHashCode([DisallowNull] ApiKeyProof obj) => obj.LookupId.GetHashCode(StringComparison.Ordinal);
}
