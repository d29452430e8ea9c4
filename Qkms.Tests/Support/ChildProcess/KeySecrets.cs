using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Support.ChildProcess;

/// <summary>What to look for of a private key in memory: its stored form, and what an engine expands it to.</summary>
/// <remarks>
/// Names that begin with "kept" are of what a key in use holds. Transformed vectors are looked for in pieces of 16 bytes, which is
/// four or eight coefficients.
/// </remarks>
internal static class KeySecrets
{
    private const int Piece = 16;

    /// <param name="patterns">Receives the pieces.</param>
    /// <param name="engine">The engine that holds the key.</param>
    /// <param name="name">Ends their names.</param>
    /// <param name="algorithm">The key's algorithm; not RSA.</param>
    /// <param name="privateKey">The stored form: raw key or seed.</param>
    internal static void Add(ProcessMemory.Patterns patterns, string engine, string name, string algorithm, byte[] privateKey)
    {
        patterns.Add<byte>($"kept stored form of {name}", privateKey, Piece);
        if (algorithm.StartsWith("ML-KEM", StringComparison.Ordinal))
        {
            MLKemAlgorithm set = Array.Find(KeyUser.KemAlgorithms, known => known.Name == algorithm)!;
            using DecapsulationKey key = DecapsulationKey.FromSeed(Core.Cryptography.Fips203.ParameterSet.Of(set), privateKey);
            byte[] encoded = new byte[set.DecapsulationKeySizeInBytes];
            key.Encode(encoded);
            if (engine == PqcEngines.BouncyCastle)
                patterns.Add<byte>(
                    $"kept dk of {name}", encoded.AsSpan(0, Core.Cryptography.Fips203.ParameterSet.Of(set).EncodedVectorSize), Piece);
            else
                patterns.Add<short>($"kept s of {name}", key.S.Coefficients, Piece);
        }
        else if (algorithm.StartsWith("ML-DSA", StringComparison.Ordinal))
        {
            MLDsaAlgorithm set = Array.Find(KeyUser.DsaAlgorithms, known => known.Name == algorithm)!;
            using SigningKey key = SigningKey.FromSeed(Core.Cryptography.Fips204.ParameterSet.Of(set), privateKey);
            patterns.Add<byte>($"kept sk of {name}", key.Encoded[128..], 2 * Piece);
            if (engine == PqcEngines.BouncyCastle)
                return;

            patterns.Add<int>($"kept s1 of {name}", key.S1.Coefficients, Piece);
            patterns.Add<int>($"kept s2 of {name}", key.S2.Coefficients, Piece);
            patterns.Add<int>($"kept t0 of {name}", key.T0.Coefficients, Piece);
        }
    }
}
