using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;
using DsaNtt = Qkms.Core.Cryptography.Fips204.Ntt;
using DsaRingElement = Qkms.Core.Cryptography.Fips204.RingElement;
using DsaSet = Qkms.Core.Cryptography.Fips204.ParameterSet;

namespace Qkms.Benchmarks.Timing;

/// <summary>What an attacker with a clock would ask: does decapsulation tell a rejected ciphertext or a key apart, do the parts of signing tell the secret vectors apart.</summary>
/// <remarks>
/// Inputs of both classes are copied into the same buffers before each measurement, and the second class is drawn from many, so that addresses and
/// caches tell nothing. The loop of signing as a whole is left out: how often it tries differs from message to message and may be seen
/// (remarks of <see cref="SigningKey.Sign"/>).
/// </remarks>
internal static class TimingExperiments
{
    private const int Pool = 64;

    internal static IEnumerable<TimingExperiment> All() =>
        [Rejection(), Ciphertexts(), Keys(), KemExpansion(), DsaExpansion(), Transform(), Norm()];

    /// <summary>Ciphertexts that were encapsulated and the same with one bit changed, of one key.</summary>
    private static TimingExperiment Rejection()
    {
        var key = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
        byte[][][] ciphertexts = [new byte[Pool][], new byte[Pool][]];
        for (int i = 0; i < Pool; i++)
        {
            key.Encapsulate(out ciphertexts[0][i], out _);
            key.Encapsulate(out ciphertexts[1][i], out _);
            ciphertexts[1][i][RandomNumberGenerator.GetInt32(ciphertexts[1][i].Length)] ^= 1;
        }

        byte[] ciphertext = new byte[MLKemAlgorithm.MLKem768.CiphertextSizeInBytes];
        byte[] secret = new byte[32];
        return new TimingExperiment(
            "ML-KEM-768 decapsulation, valid / implicitly rejected",
            @class => ciphertexts[@class][RandomNumberGenerator.GetInt32(Pool)].CopyTo(ciphertext, 0),
            () => key.Decapsulate(ciphertext, secret));
    }

    private static TimingExperiment Ciphertexts()
    {
        var key = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
        byte[] ciphertext = new byte[MLKemAlgorithm.MLKem768.CiphertextSizeInBytes];
        byte[] secret = new byte[32];
        return new TimingExperiment(
            "ML-KEM-768 decapsulation, ciphertext of zeros / random",
            @class =>
            {
                RandomNumberGenerator.Fill(ciphertext);
                if (@class == 0)
                    Array.Clear(ciphertext);
            },
            () => key.Decapsulate(ciphertext, secret));
    }

    /// <summary>The expanded key's arrays differ from key to key, so that both classes are keys of one pool: the fixed one stands in it many times.</summary>
    private static TimingExperiment Keys()
    {
        byte[] fixedSeed = RandomNumberGenerator.GetBytes(64);
        MLKemManaged[][] keys = [new MLKemManaged[Pool], new MLKemManaged[Pool]];
        for (int i = 0; i < Pool; i++)
        {
            keys[0][i] = MLKemManaged.ImportPrivateSeed(MLKemAlgorithm.MLKem768, fixedSeed);
            keys[1][i] = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
        }

        byte[] ciphertext = RandomNumberGenerator.GetBytes(MLKemAlgorithm.MLKem768.CiphertextSizeInBytes);
        byte[] secret = new byte[32];
        MLKemManaged key = keys[0][0];
        return new TimingExperiment(
            "ML-KEM-768 decapsulation, fixed key / random keys",
            @class => key = keys[@class][RandomNumberGenerator.GetInt32(Pool)],
            () => key.Decapsulate(ciphertext, secret));
    }

    /// <summary>ŝ and ê of a fixed and of random σ; ρ, whose rejections may be seen, is the same.</summary>
    private static TimingExperiment KemExpansion()
    {
        byte[] fixedSigma = RandomNumberGenerator.GetBytes(32);
        byte[] sigma = new byte[32];
        short[] noise = new short[256];
        return new TimingExperiment(
            "ML-KEM-768 noise of key generation and its transform, fixed σ / random",
            @class =>
            {
                RandomNumberGenerator.Fill(sigma);
                if (@class == 0)
                    fixedSigma.CopyTo(sigma, 0);
            },
            () =>
            {
                for (byte i = 0; i < 6; i++)
                {
                    var element = new Core.Cryptography.Fips203.RingElement(noise);
                    Core.Cryptography.Fips203.Sampling.SampleNoise(sigma, i, 2, element);
                    Core.Cryptography.Fips203.Ntt.Forward(element);
                }
            });
    }

    /// <summary>s₁ and s₂ from ρ'. How many half bytes are rejected differs from seed to seed and may be seen (remarks of Sampling.RejectBounded): this experiment is expected to see it.</summary>
    private static TimingExperiment DsaExpansion()
    {
        var set = DsaSet.Of(MLDsaAlgorithm.MLDsa65);
        byte[] fixedSeed = RandomNumberGenerator.GetBytes(64);
        byte[] seed = new byte[64];
        int[] memory = new int[(set.L + set.K) * 256];
        return new TimingExperiment(
            "ML-DSA-65 expansion of s₁ and s₂ (rejections may be seen), fixed ρ' / random",
            @class =>
            {
                RandomNumberGenerator.Fill(seed);
                if (@class == 0)
                    fixedSeed.CopyTo(seed, 0);
            },
            () => Core.Cryptography.Fips204.Sampling.ExpandSecrets(
                set, seed, new Core.Cryptography.Fips204.RingVector(memory.AsSpan(0, set.L * 256)), new Core.Cryptography.Fips204.RingVector(memory.AsSpan(set.L * 256))));
    }

    private static TimingExperiment Transform()
    {
        byte[] random = new byte[256];
        int[] source = new int[256];
        int[] memory = new int[256];
        return new TimingExperiment(
            "ML-DSA-65 transform of a secret and back, zeros / random in [-4, 4]",
            @class =>
            {
                RandomNumberGenerator.Fill(random);
                for (int i = 0; i < source.Length; i++)
                    source[i] = ((random[i] % 9) - 4) * @class;
                source.CopyTo(memory, 0);
            },
            () => DsaNtt.MultiplyInverse(DsaNtt.Forward(new DsaRingElement(memory)), new Core.Cryptography.Fips204.NttElement(memory), new DsaRingElement(memory)));
    }

    /// <summary>The place of the one coefficient that is too large: in front, where a loop that ended early would end at once, or anywhere.</summary>
    private static TimingExperiment Norm()
    {
        var set = DsaSet.Of(MLDsaAlgorithm.MLDsa65);
        int[] z = new int[set.L * 256];
        return new TimingExperiment(
            "ML-DSA-65 norm check of z, first coefficient too large / none",
            @class =>
            {
                for (int i = 0; i < z.Length; i++)
                    z[i] = (i * 7919 % 100_000) - 50_000;
                z[0] = @class == 0 ? set.Gamma1 : 1;
            },
            () => Rounding.NormReaches(z, set.Gamma1 - set.Beta));
    }
}
