namespace Qkms.Core.Cryptography;

/// <summary>
/// A key that makes HashML-DSA signatures (FIPS 204, Algorithms 4 and 5) over hashes below the strength of its parameter set too: section
/// 5.4 asks for that strength without forbidding the rest, and the base class of the platform refuses the rest before an engine is asked.
/// </summary>
internal interface IHashOfAnyStrength
{
    /// <summary>FIPS 204, Algorithm 4 from line 23, hedged.</summary>
    void SignHash(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string hashAlgorithmOid, Span<byte> destination);

    /// <summary>FIPS 204, Algorithm 5; <paramref name="signature"/> has the length of the parameter set.</summary>
    bool VerifyHash(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string hashAlgorithmOid, ReadOnlySpan<byte> signature);
}
