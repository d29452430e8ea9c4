namespace Qkms.Core.Cryptography.Fips204;

/// <summary>The encoding of signatures, c̃ ‖ z ‖ h (FIPS 204, Algorithms 26 and 27).</summary>
internal static class SignatureCodec
{
    /// <summary>FIPS 204, Algorithm 26. The coefficients of z are centred.</summary>
    internal static void Encode(ParameterSet set, ReadOnlySpan<byte> challengeHash, RingVector z, RingVector hint, Span<byte> destination)
    {
        challengeHash.CopyTo(destination);
        destination = destination[set.ChallengeSize..];
        for (int i = 0; i < set.L; i++)
        {
            BitCodec.Pack(z[i].Coefficients, set.Gamma1Bits, set.Gamma1, destination);
            destination = destination[(32 * set.Gamma1Bits)..];
        }

        Hints.Encode(set, hint, destination);
    }

    /// <summary>FIPS 204, Algorithm 27, of a signature of the right length.</summary>
    /// <returns>False where the hint is malformed.</returns>
    internal static bool TryDecode(
        ParameterSet set, ReadOnlySpan<byte> signature, out ReadOnlySpan<byte> challengeHash, RingVector z, RingVector hint)
    {
        challengeHash = signature[..set.ChallengeSize];
        signature = signature[set.ChallengeSize..];
        for (int i = 0; i < set.L; i++)
        {
            BitCodec.Unpack(signature, set.Gamma1Bits, set.Gamma1, z[i].Coefficients);
            signature = signature[(32 * set.Gamma1Bits)..];
        }

        return Hints.TryDecode(set, signature, hint);
    }
}
