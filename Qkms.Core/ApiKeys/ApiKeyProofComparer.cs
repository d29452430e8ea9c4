using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Qkms.Core.ApiKeys;

/// <summary>Takes proofs for equal that were made from the same API key. Only the id, which is no secret, decides where to look.</summary>
internal sealed class ApiKeyProofComparer : IEqualityComparer<ApiKeyProof>
{
    public bool Equals(ApiKeyProof? x, ApiKeyProof? y) =>
        x is not null && y is not null && CryptographicOperations.FixedTimeEquals(x.Bytes, y.Bytes);

    public int GetHashCode([DisallowNull] ApiKeyProof obj)
    {
        HashCode hash = default;
        hash.AddBytes(obj.Bytes[..ApiKeyFormat.IdLength]);
        return hash.ToHashCode();
    }
}
