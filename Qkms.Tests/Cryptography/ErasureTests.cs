using System.Diagnostics;
using Qkms.Core.Cryptography.Fips202;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;
using Qkms.Tests.Support.ChildProcess;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// That nothing secret of a disposed key stays in the memory of its process: a child loads, uses and disposes keys whose secrets are known
/// here, and every writable page of it is searched. The same search while the keys are in use must find them, so that it is known to work.
/// </summary>
public sealed class ErasureTests
{
    private const string Forgotten = "what was forgotten on purpose";

    [FactIf(Requirement.ProcessMemory)]
    public async Task Nothing_of_a_disposed_key_is_in_memory()
    {
        ProcessMemory.Patterns patterns = Secrets();
        using Process child = Child.Start(ChildProgram.UseAndDisposeKeys);
        try
        {
            (await child.StandardOutput.ReadLineAsync()).Should().Be(KeyUser.InUse);
            HashSet<string> inUse = [.. ProcessMemory.Search(child.Id, patterns).Select(find => find.Name)];
            patterns.Names.Where(name => name.StartsWith("kept ", StringComparison.Ordinal) && !inUse.Contains(name))
                .Should().BeEmpty("a key in use has its secrets in memory, or the search is blind");
            inUse.Should().Contain(Forgotten, "stacks are searched");

            await child.StandardInput.WriteLineAsync();
            (await child.StandardOutput.ReadLineAsync()).Should().Be(KeyUser.Disposed);
            List<ProcessMemory.Find> disposed = ProcessMemory.Search(child.Id, patterns);
            disposed.Where(find => find.Name != Forgotten).Should().BeEmpty();
            disposed.Should().NotBeEmpty("the stack of the thread that forgot is still as it was");
        }
        finally
        {
            if (!child.HasExited)
                child.Kill();
        }
    }

    /// <summary>
    /// Random bytes are looked for in pieces of 8, transformed vectors of 16, which is four or eight coefficients of up to 23 bits, and
    /// small coefficients of 64. Names that begin with "kept" are of what a key holds as long as it lives.
    /// </summary>
    private static ProcessMemory.Patterns Secrets()
    {
        var patterns = new ProcessMemory.Patterns();
        byte[] forgotten = new byte[64];
        KeyUser.WriteSecret(KeyUser.Forgotten, forgotten);
        patterns.Add<byte>(Forgotten, forgotten, 8);
        for (int i = 0; i < KeyUser.KemAlgorithms.Length; i++)
        {
            for (int kind = 0; kind < KeyUser.KemKinds; kind++)
                AddKem(patterns, KeyUser.KemAlgorithms[i], KeyUser.KemSeed(i, kind));
        }

        for (int i = 0; i < KeyUser.DsaAlgorithms.Length; i++)
        {
            for (int kind = 0; kind < KeyUser.DsaKinds; kind++)
                AddDsa(patterns, KeyUser.DsaAlgorithms[i], KeyUser.DsaSeed(i, kind), KeyUser.DsaKeepsSeed(kind));
        }

        return patterns;
    }

    private static void AddKem(ProcessMemory.Patterns patterns, MLKemAlgorithm algorithm, int seedNumber)
    {
        byte[] seed = new byte[64];
        byte[] message = new byte[32];
        KeyUser.WriteSecret(seedNumber, seed);
        KeyUser.WriteSecret(KeyUser.KemMessage(seedNumber), message);
        var set = Core.Cryptography.Fips203.ParameterSet.Of(algorithm);
        using DecapsulationKey key = DecapsulationKey.FromSeed(set, seed);
        byte[] encoded = new byte[algorithm.DecapsulationKeySizeInBytes];
        key.Encode(encoded);
        byte[] rhoAndSigma = new byte[64];
        KPke.DeriveSeeds(set, seed.AsSpan(0, 32), rhoAndSigma);
        byte[] derived = new byte[64];
        Sponge.Sha3_512(message, key.EncapsulationKey.Hash, derived);

        string name = algorithm.Name + " " + seedNumber;
        patterns.Add<byte>($"kept d, z of {name}", seed, 8);
        patterns.Add<byte>($"sigma of {name}", rhoAndSigma.AsSpan(32), 8);
        patterns.Add<short>($"kept s of {name}", key.S.Coefficients, 16);
        patterns.Add<byte>($"dk of {name}", encoded.AsSpan(0, set.EncodedVectorSize), 16);
        patterns.Add<byte>($"m of {name}", message, 8);
        patterns.Add<byte>($"K and r of {name}", derived, 8);
    }

    private static void AddDsa(ProcessMemory.Patterns patterns, MLDsaAlgorithm algorithm, int seedNumber, bool keepsSeed)
    {
        byte[] seed = new byte[32];
        KeyUser.WriteSecret(seedNumber, seed);
        var set = Core.Cryptography.Fips204.ParameterSet.Of(algorithm);
        using SigningKey key = SigningKey.FromSeed(set, seed);
        byte[] derived = new byte[128];
        Sponge.Shake256(seed, [(byte)set.K, (byte)set.L], derived);
        int[] s = new int[(set.L + set.K) * 256];
        var s1 = new Core.Cryptography.Fips204.RingVector(s.AsSpan(0, set.L * 256));
        var s2 = new Core.Cryptography.Fips204.RingVector(s.AsSpan(set.L * 256));
        Core.Cryptography.Fips204.Sampling.ExpandSecrets(set, derived.AsSpan(32, 64), s1, s2);

        using var signer = MLDsaManaged.ImportMLDsaPrivateSeed(algorithm, seed);
        byte[] mu = new byte[64];
        byte[] maskSeed = new byte[64];
        signer.ComputeMu(KeyUser.SignedMessage, [], mu);
        Sponge.Shake256(derived.AsSpan(96), [.. new byte[32], .. mu], maskSeed);

        string name = algorithm.Name + " " + seedNumber;
        patterns.Add<byte>($"{(keepsSeed ? "kept " : string.Empty)}xi of {name}", seed, 8);
        patterns.Add<byte>($"rho' of {name}", derived.AsSpan(32, 64), 8);
        patterns.Add<byte>($"kept K of {name}", derived.AsSpan(96), 8);
        patterns.Add<byte>($"kept sk of {name}", key.Encoded[128..], 32);
        patterns.Add<int>($"kept s1 of {name}", key.S1.Coefficients, 16);
        patterns.Add<int>($"kept s2 of {name}", key.S2.Coefficients, 16);
        patterns.Add<int>($"kept t0 of {name}", key.T0.Coefficients, 16);
        patterns.Add<int>($"s1, s2 of {name}", s, 64);
        patterns.Add<byte>($"rho'' of {name}", maskSeed, 8);
    }
}
