using System.Buffers.Binary;
using Qkms.Core.Cryptography.Fips202;

namespace Qkms.Core.Cryptography.Fips204;

/// <summary>The challenge polynomial (FIPS 204, Algorithm 29).</summary>
internal static class SampleInBall
{
    /// <summary>A polynomial with τ coefficients ±1 from SHAKE256(c̃).</summary>
    /// <remarks>
    /// Rejection, and the places that are written, depend on c̃. That may leak: an accepted c̃ is in the signature, and a rejected one is a
    /// hash of w₁, which without the mask y tells nothing about the key.
    /// </remarks>
    internal static void Sample(ParameterSet set, ReadOnlySpan<byte> challenge, RingElement destination)
    {
        Span<int> c = destination.Coefficients;
        c.Clear();

        Span<byte> bytes = stackalloc byte[8];
        var shake = Sponge.NewShake256();
        shake.Absorb(challenge);
        shake.Squeeze(bytes);
        ulong signs = BinaryPrimitives.ReadUInt64LittleEndian(bytes);

        Span<byte> position = bytes[..1];
        for (int i = ParameterSet.N - set.Tau; i < ParameterSet.N; i++)
        {
            do
                shake.Squeeze(position);
            while (position[0] > i);

            int j = position[0];
            c[i] = c[j];
            c[j] = 1 - (2 * (int)(signs & 1));
            signs >>= 1;
        }
    }
}
