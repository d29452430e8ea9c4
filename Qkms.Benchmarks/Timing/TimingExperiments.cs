using System.Reflection;
using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;
using DsaNtt = Qkms.Core.Cryptography.Fips204.Ntt;
using DsaRingElement = Qkms.Core.Cryptography.Fips204.RingElement;
using DsaSet = Qkms.Core.Cryptography.Fips204.ParameterSet;

namespace Qkms.Benchmarks.Timing;

/// <summary>
/// What an attacker with a clock would ask: does decapsulation tell a rejected ciphertext or a key apart, do the parts of signing tell
/// the secret vectors apart.
/// </summary>
/// <remarks>
/// Every input is drawn from a pool and copied into the same buffers before each measurement, by the same instructions for each class, so
/// that addresses and caches tell nothing. The loop of signing as a whole is left out: how often it tries differs from message to message
/// and may be seen (remarks of <see cref="SigningKey.Sign"/>).
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
        byte[] ciphertext = new byte[MLKemAlgorithm.MLKem768.CiphertextSizeInBytes];
        byte[] secret = new byte[32];
        return Pooled(
            "ML-KEM-768 decapsulation, valid / implicitly rejected",
            isSecond =>
            {
                key.Encapsulate(out byte[] made, out _);
                made[RandomNumberGenerator.GetInt32(made.Length)] ^= isSecond ? (byte)1 : (byte)0;
                return made;
            },
            chosen => chosen.CopyTo(ciphertext, 0),
            () => key.Decapsulate(ciphertext, secret));
    }

    private static TimingExperiment Ciphertexts()
    {
        var key = MLKemManaged.GenerateKey(MLKemAlgorithm.MLKem768);
        byte[] ciphertext = new byte[MLKemAlgorithm.MLKem768.CiphertextSizeInBytes];
        byte[] secret = new byte[32];
        return Pooled(
            "ML-KEM-768 decapsulation, ciphertext of zeros / random",
            isSecond => isSecond ? RandomNumberGenerator.GetBytes(ciphertext.Length) : new byte[ciphertext.Length],
            chosen => chosen.CopyTo(ciphertext, 0),
            () => key.Decapsulate(ciphertext, secret));
    }

    /// <summary>
    /// One key object, whose secret arrays, ŝ, z and d, are overwritten by those of the key that was chosen; its public half stays, because
    /// what depends on it may be seen.
    /// </summary>
    private static TimingExperiment Keys()
    {
        var set = Core.Cryptography.Fips203.ParameterSet.Of(MLKemAlgorithm.MLKem768);
        byte[] fixedSeed = RandomNumberGenerator.GetBytes(64);
        var key = DecapsulationKey.FromSeed(set, fixedSeed);
        Array[] own = Arrays(key);
        byte[] ciphertext = RandomNumberGenerator.GetBytes(MLKemAlgorithm.MLKem768.CiphertextSizeInBytes);
        byte[] secret = new byte[32];
        return Pooled(
            "ML-KEM-768 decapsulation, fixed secret half / random",
            isSecond => Arrays(DecapsulationKey.FromSeed(set, isSecond ? RandomNumberGenerator.GetBytes(64) : fixedSeed)),
            chosen =>
            {
                for (int i = 0; i < own.Length; i++)
                    Array.Copy(chosen[i], own[i], own[i].Length);
            },
            () => key.Decapsulate(ciphertext, secret));

        static Array[] Arrays(DecapsulationKey key) =>
            [
                .. key.GetType()
                    .GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
                    .Select(field => field.GetValue(key))
                    .OfType<Array>()
            ];
    }

    /// <summary>ŝ and ê of a fixed and of random σ; ρ, whose rejections may be seen, has no part in it.</summary>
    private static TimingExperiment KemExpansion()
    {
        byte[] fixedSigma = RandomNumberGenerator.GetBytes(32);
        byte[] sigma = new byte[32];
        var set = Core.Cryptography.Fips203.ParameterSet.Of(MLKemAlgorithm.MLKem768);
        short[] noise = new short[6 * 256];
        return Pooled(
            "ML-KEM-768 noise of key generation and its transform, fixed σ / random",
            isSecond => isSecond ? RandomNumberGenerator.GetBytes(32) : fixedSigma,
            chosen => chosen.CopyTo(sigma, 0),
            () =>
            {
                var elements = new Core.Cryptography.Fips203.RingVector(noise);
                Core.Cryptography.Fips203.Sampling.SampleNoise(set, sigma, elements.Count, elements);
                for (int i = 0; i < elements.Count; i++)
                    Core.Cryptography.Fips203.Ntt.Forward(elements[i]);
            });
    }

    /// <summary>
    /// s₁ and s₂ from ρ'. How many half bytes are rejected differs from seed to seed and may be seen (remarks of Sampling.ExpandSecrets):
    /// this experiment is expected to see it.
    /// </summary>
    private static TimingExperiment DsaExpansion()
    {
        var set = DsaSet.Of(MLDsaAlgorithm.MLDsa65);
        byte[] fixedSeed = RandomNumberGenerator.GetBytes(64);
        byte[] seed = new byte[64];
        int[] memory = new int[(set.L + set.K) * 256];
        return Pooled(
            "ML-DSA-65 expansion of s₁ and s₂ (rejections may be seen), fixed ρ' / random",
            isSecond => isSecond ? RandomNumberGenerator.GetBytes(64) : fixedSeed,
            chosen => chosen.CopyTo(seed, 0),
            () => Core.Cryptography.Fips204.Sampling.ExpandSecrets(
                set,
                seed,
                new Core.Cryptography.Fips204.RingVector(memory.AsSpan(0, set.L * 256)),
                new Core.Cryptography.Fips204.RingVector(memory.AsSpan(set.L * 256))));
    }

    private static TimingExperiment Transform()
    {
        int[] memory = new int[256];
        return Pooled(
            "ML-DSA-65 transform of a secret and back, zeros / random in [-4, 4]",
            isSecond => Coefficients(256, i => isSecond ? RandomNumberGenerator.GetInt32(-4, 5) : 0),
            chosen => chosen.CopyTo(memory, 0),
            () => Core.Cryptography.Fips204.Products.MultiplyInverse(
                DsaNtt.Forward(new DsaRingElement(memory)), new Core.Cryptography.Fips204.NttElement(memory), new DsaRingElement(memory)));
    }

    /// <summary>A coefficient that is too large in front, where a loop that ended early would end at once, or none.</summary>
    private static TimingExperiment Norm()
    {
        var set = DsaSet.Of(MLDsaAlgorithm.MLDsa65);
        int[] z = new int[set.L * 256];
        return Pooled(
            "ML-DSA-65 norm check of z, first coefficient too large / none",
            isSecond => Coefficients(z.Length, i => i == 0 && !isSecond ? set.Gamma1 : RandomNumberGenerator.GetInt32(-50_000, 50_000)),
            chosen => chosen.CopyTo(z, 0),
            () => Rounding.NormReaches(z, set.Gamma1 - set.Beta));
    }

    private static int[] Coefficients(int count, Func<int, int> coefficient) => [.. Enumerable.Range(0, count).Select(coefficient)];

    /// <param name="name">What is measured, and the two classes.</param>
    /// <param name="make">Makes an input of the first or of the second class.</param>
    /// <param name="load">Copies it to where the work finds it.</param>
    /// <param name="work">What is measured.</param>
    private static TimingExperiment Pooled<T>(string name, Func<bool, T> make, Action<T> load, Action work)
    {
        // Made in turn, so that the pools lie alike in memory. The third one is another pool of the first class, for the control.
        T[][] pools = [new T[Pool], new T[Pool], new T[Pool]];
        for (int i = 0; i < Pool; i++)
        {
            pools[0][i] = make(false);
            pools[1][i] = make(true);
            pools[2][i] = make(false);
        }

        return new TimingExperiment(name, pool => load(pools[pool][RandomNumberGenerator.GetInt32(Pool)]), work);
    }
}
