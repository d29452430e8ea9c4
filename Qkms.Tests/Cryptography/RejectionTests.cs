using System.Buffers.Binary;
using Qkms.Core.Cryptography.Fips202;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// That each check of FIPS 204, Algorithm 7, is reached in the engine, without a hook in it: the plain signer of the tests tells which
/// checks refuse an attempt. Where an attempt is refused by one check alone and the engine still gives the same signature, it must have
/// refused that attempt by that check.
/// </summary>
public sealed class RejectionTests
{
    private static readonly byte[] _deterministic = new byte[32];

    /// <summary>
    /// The messages are numbers, found by trying: the last of each row has an attempt that only the weight of the hint refuses.
    /// </summary>
    [Theory]
    [InlineData("ML-DSA-44", 0, 1, 2)]
    [InlineData("ML-DSA-65", 0, 1, 245)]
    [InlineData("ML-DSA-87", 0, 1, 176)]
    public void The_norms_of_z_and_r0_and_the_weight_of_the_hint_are_reached(string name, params int[] messages)
    {
        var set = ParameterSet.Of(Algorithms.MLDsa(name));
        using var key = SigningKey.FromSeed(set, Seed(name));
        var reference = new ReferenceSigner(set, key.Encoded.ToArray());

        RefusedAlone(set, key, reference, messages).Should().Contain([Rejection.ZNorm, Rejection.R0Norm, Rejection.HintWeight]);
    }

    /// <summary>
    /// An honest key of ML-DSA-44 meets the check of c·t₀ about once in millions of signatures, so the first polynomial of this one's t₀ is
    /// replaced by the largest coefficients that 13 bits hold; the messages were found by trying. The signatures fit no public key; what
    /// counts is that both signers refuse the same attempts.
    /// </summary>
    [Fact]
    public void The_norm_of_ct0_is_reached()
    {
        const string Name = "ML-DSA-44";
        var set = ParameterSet.Of(Algorithms.MLDsa(Name));
        using var key = SigningKey.FromSeed(set, Seed(Name));
        byte[] encoded = key.Encoded.ToArray();
        ReplaceFirstOfT0(set, key, encoded);

        RefusedAlone(set, key, new ReferenceSigner(set, encoded), [16, 32]).Should().Contain(Rejection.Ct0Norm);
    }

    /// <summary>τ coefficients of t₀, each at most 2¹², add up to less than γ₂.</summary>
    [Theory]
    [InlineData("ML-DSA-44", true)]
    [InlineData("ML-DSA-65", false)]
    [InlineData("ML-DSA-87", false)]
    public void Only_the_smallest_set_can_reach_the_norm_of_ct0(string name, bool can)
    {
        var set = ParameterSet.Of(Algorithms.MLDsa(name));
        (set.Tau << (ParameterSet.D - 1) >= set.Gamma2.Value).Should().Be(can);
    }

    private static HashSet<Rejection> RefusedAlone(ParameterSet set, SigningKey key, ReferenceSigner reference, IEnumerable<int> messages)
    {
        HashSet<Rejection> alone = [];
        byte[] message = new byte[sizeof(int)];
        byte[] mu = new byte[64];
        byte[] signature = new byte[set.Algorithm.SignatureSizeInBytes];
        foreach (int number in messages)
        {
            BinaryPrimitives.WriteInt32BigEndian(message, number);
            Sponge.Shake256(key.VerificationKey.Tr, message, mu);
            key.Sign(mu, _deterministic, signature);
            reference.Sign(message).Should().Equal(signature);
            reference.Attempts[^1].Should().Be(Rejection.None);
            alone.UnionWith(reference.Attempts.SkipLast(1));
        }

        return alone;
    }

    private static void ReplaceFirstOfT0(ParameterSet set, SigningKey key, byte[] encoded)
    {
        const int Largest = 1 << (ParameterSet.D - 1);
        Span<int> t0 = key.T0.Coefficients;
        byte[] signs = Signs(ParameterSet.N >> 3);
        Span<byte> packed = encoded.AsSpan(
            encoded.Length - (set.K * ParameterSet.N * ParameterSet.D >> 3), ParameterSet.N * ParameterSet.D >> 3);
        packed.Clear();
        for (int i = 0; i < ParameterSet.N; i++)
        {
            // Algorithm 17 packs 2¹² - coefficient: 0 for the largest one, 13 ones for the smallest one.
            bool negative = (signs[i >> 3] >> (i & 7) & 1) == 1;
            t0[i] = negative ? 1 - Largest : Largest;
            for (int bit = i * ParameterSet.D; negative && bit < (i + 1) * ParameterSet.D; bit++)
                packed[bit >> 3] |= (byte)(1 << (bit & 7));
        }

        Ntt.Forward(new RingVector(t0)[0]);
    }

    private static byte[] Signs(int length)
    {
        byte[] bytes = new byte[length];
        Sponge.Shake256("signs of t0"u8, [], bytes);
        return bytes;
    }

    private static byte[] Seed(string name) => SHA256.HashData(Encoding.ASCII.GetBytes($"rejected attempts of {name}"));
}
