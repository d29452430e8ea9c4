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

        Span<byte> block = stackalloc byte[Sponge.Shake256Rate];
        var shake = Sponge.NewShake256();
        shake.Absorb(challenge);
        shake.Squeeze(block);
        ulong signs = BinaryPrimitives.ReadUInt64LittleEndian(block);
        int next = sizeof(ulong);
        for (int i = ParameterSet.N - set.Tau; i < ParameterSet.N; i++)
        {
            int j;
            do
            {
                if (next == block.Length)
                {
                    shake.Squeeze(block);
                    next = 0;
                }

                j = block[next++];
            }
            while (j > i);

            c[i] = c[j];
            c[j] = 1 - (2 * (int)(signs & 1));
            signs >>= 1;
        }
    }
}
