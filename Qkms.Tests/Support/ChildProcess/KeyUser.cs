using System.Runtime.CompilerServices;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Support.ChildProcess;

/// <summary>
/// Loads, uses and disposes keys as the service does, and stands still twice for the parent to look into its memory. Every kind of work
/// ends on a thread of its own that stays alive, so that what it left on its stack is not overwritten by what comes later.
/// </summary>
/// <remarks>
/// The seeds are computed a byte at a time from the number of the key, so that neither arguments nor this program's
/// own work leave one behind.
/// </remarks>
internal static class KeyUser
{
    internal const string InUse = "in use";
    internal const string Disposed = "disposed";

    internal static readonly MLKemAlgorithm[] KemAlgorithms = [MLKemAlgorithm.MLKem512, MLKemAlgorithm.MLKem768, MLKemAlgorithm.MLKem1024];
    internal static readonly MLDsaAlgorithm[] DsaAlgorithms = [MLDsaAlgorithm.MLDsa44, MLDsaAlgorithm.MLDsa65, MLDsaAlgorithm.MLDsa87];

    /// <summary>The message whose deterministic signature is made; its mask seed is a secret of the run.</summary>
    internal static ReadOnlySpan<byte> SignedMessage => "signed"u8;

    /// <summary>Kinds of work with a key of each algorithm; each has keys of its own.</summary>
    internal static int KemKinds => _kemKinds.Length;

    internal static int DsaKinds => _dsaKinds.Length;

    private static readonly Func<MLKemAlgorithm, int, MLKemManaged>[] _kemKinds =
        [ImportSeed, ImportPkcs8, ExportPkcs8, Encapsulate, Decapsulate, RejectImplicitly];

    private static readonly Func<MLDsaAlgorithm, int, MLDsaManaged>[] _dsaKinds =
        [ImportSeed, ImportPkcs8, ExportPkcs8, ExportAndImportExpanded, Sign];

    /// <summary>The number of a secret: the seed of a key, or the message that is encapsulated to it.</summary>
    internal static int KemSeed(int algorithm, int kind) => 1000 + (10 * kind) + algorithm;

    internal static int KemMessage(int seed) => 1000 + seed;

    internal static int DsaSeed(int algorithm, int kind) => 3000 + (10 * kind) + algorithm;

    /// <summary>A secret that is left on a stack on purpose, as the sign that stacks are searched.</summary>
    internal const int Forgotten = 5000;

    /// <summary>Whether keys of the kind were loaded from their seed; those of the expanded form have none.</summary>
    internal static bool DsaKeepsSeed(int kind) => _dsaKinds[kind] != ExportAndImportExpanded;

    internal static void WriteSecret(int number, Span<byte> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            // SplitMix64 of number and index, of which one byte is taken: no eight bytes of the secret are ever in one register.
            ulong x = unchecked((((ulong)(uint)number << 32) + (ulong)i + 1) * 0x9E37_79B9_7F4A_7C15);
            x = unchecked((x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9);
            x = unchecked((x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB);
            destination[i] = (byte)(x >> 40);
        }
    }

    internal static void Run()
    {
        List<IDisposable> keys = [];
        List<Thread> threads = [];
        using var end = new ManualResetEventSlim();
        for (int i = 0; i < KemAlgorithms.Length; i++)
        {
            for (int kind = 0; kind < KemKinds; kind++)
                Start(_kemKinds[kind], KemAlgorithms[i], KemSeed(i, kind));
        }

        for (int i = 0; i < DsaAlgorithms.Length; i++)
        {
            for (int kind = 0; kind < DsaKinds; kind++)
                Start(_dsaKinds[kind], DsaAlgorithms[i], DsaSeed(i, kind));
        }

        Start(Forget, Forgotten, Forgotten);
        Say(InUse);
        foreach (IDisposable key in keys)
            key.Dispose();
        keys.Clear();
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Say(Disposed);
        end.Set();
        foreach (Thread thread in threads)
            thread.Join();

        void Start<TAlgorithm, TKey>(Func<TAlgorithm, int, TKey> work, TAlgorithm algorithm, int seed)
            where TKey : IDisposable
        {
            var done = new ManualResetEventSlim();
            var thread = new Thread(() =>
            {
                keys.Add(WorkDeeply(work, algorithm, seed));
                done.Set();
                end.Wait();
            });
            threads.Add(thread);
            thread.Start();
            done.Wait();
        }
    }

    /// <summary>
    /// Works below a frame so large that the thread does not overwrite what the work left on the stack when it waits afterwards. The first
    /// turn has everything compiled, since the compiler runs on the stack of the thread that needs it, and would clean up after the second.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TKey WorkDeeply<TAlgorithm, TKey>(Func<TAlgorithm, int, TKey> work, TAlgorithm algorithm, int seed)
        where TKey : IDisposable
    {
        Span<byte> above = stackalloc byte[1 << 19];
        above[^1] = 1;
        work(algorithm, -seed).Dispose();
        return work(algorithm, seed);
    }

    /// <summary>Tells the parent, and waits for its line.</summary>
    private static void Say(string word)
    {
        Console.Out.WriteLine(word);
        Console.In.ReadLine();
    }

    /// <summary>Does what no other method here does: it returns without zeroing.</summary>
    private static MemoryStream Forget(int number, int _)
    {
        Span<byte> seed = stackalloc byte[64];
        WriteSecret(number, seed);
        return new MemoryStream(seed[0] & 1);
    }

    private static MLKemManaged ImportSeed(MLKemAlgorithm algorithm, int number)
    {
        Span<byte> seed = stackalloc byte[64];
        WriteSecret(number, seed);
        var key = MLKemManaged.ImportPrivateSeed(algorithm, seed);
        Erase.Memory(seed);
        return key;
    }

    private static MLKemManaged ImportPkcs8(MLKemAlgorithm algorithm, int number)
    {
        Span<byte> pkcs8 = stackalloc byte[128];
        using MLKemManaged first = ImportSeed(algorithm, number);
        first.TryExportPkcs8PrivateKey(pkcs8, out int length);
        var key = MLKemManaged.ImportPkcs8PrivateKey(pkcs8[..length]);
        Erase.Memory(pkcs8);
        return key;
    }

    private static MLKemManaged ExportPkcs8(MLKemAlgorithm algorithm, int number)
    {
        Span<byte> pkcs8 = stackalloc byte[128];
        MLKemManaged key = ImportSeed(algorithm, number);
        key.TryExportPkcs8PrivateKey(pkcs8, out _);
        Erase.Memory(pkcs8);
        return key;
    }

    private static MLKemManaged Encapsulate(MLKemAlgorithm algorithm, int number)
    {
        MLKemManaged key = ImportSeed(algorithm, number);
        Encapsulate(key, number, new byte[algorithm.CiphertextSizeInBytes]);
        return key;
    }

    private static MLKemManaged Decapsulate(MLKemAlgorithm algorithm, int number)
    {
        Span<byte> secret = stackalloc byte[32];
        byte[] ciphertext = new byte[algorithm.CiphertextSizeInBytes];
        MLKemManaged key = ImportSeed(algorithm, number);
        Encapsulate(key, number, ciphertext);
        key.Decapsulate(ciphertext, secret);
        Erase.Memory(secret);
        return key;
    }

    private static MLKemManaged RejectImplicitly(MLKemAlgorithm algorithm, int number)
    {
        Span<byte> secret = stackalloc byte[32];
        MLKemManaged key = ImportSeed(algorithm, number);
        key.Decapsulate(new byte[algorithm.CiphertextSizeInBytes], secret);
        Erase.Memory(secret);
        return key;
    }

    private static void Encapsulate(MLKemManaged key, int number, byte[] ciphertext)
    {
        Span<byte> message = stackalloc byte[32];
        Span<byte> secret = stackalloc byte[32];
        WriteSecret(KemMessage(number), message);
        key.EncapsulateDeterministicForTesting(message, ciphertext, secret);
        Erase.Memory(message);
        Erase.Memory(secret);
    }

    private static MLDsaManaged ImportSeed(MLDsaAlgorithm algorithm, int number)
    {
        Span<byte> seed = stackalloc byte[32];
        WriteSecret(number, seed);
        var key = MLDsaManaged.ImportMLDsaPrivateSeed(algorithm, seed);
        Erase.Memory(seed);
        return key;
    }

    private static MLDsaManaged ImportPkcs8(MLDsaAlgorithm algorithm, int number)
    {
        Span<byte> pkcs8 = stackalloc byte[128];
        using MLDsaManaged first = ImportSeed(algorithm, number);
        first.TryExportPkcs8PrivateKey(pkcs8, out int length);
        var key = MLDsaManaged.ImportPkcs8PrivateKey(pkcs8[..length]);
        Erase.Memory(pkcs8);
        return key;
    }

    private static MLDsaManaged ExportPkcs8(MLDsaAlgorithm algorithm, int number)
    {
        Span<byte> pkcs8 = stackalloc byte[128];
        MLDsaManaged key = ImportSeed(algorithm, number);
        key.TryExportPkcs8PrivateKey(pkcs8, out _);
        Erase.Memory(pkcs8);
        return key;
    }

    private static MLDsaManaged ExportAndImportExpanded(MLDsaAlgorithm algorithm, int number)
    {
        Span<byte> encoded = GC.AllocateArray<byte>(algorithm.PrivateKeySizeInBytes, pinned: true);
        using MLDsaManaged first = ImportSeed(algorithm, number);
        first.ExportMLDsaPrivateKey(encoded);
        var key = MLDsaManaged.ImportMLDsaPrivateKey(algorithm, encoded);
        Erase.Memory(encoded);
        return key;
    }

    private static MLDsaManaged Sign(MLDsaAlgorithm algorithm, int number)
    {
        Span<byte> mu = stackalloc byte[64];
        byte[] signature = new byte[algorithm.SignatureSizeInBytes];
        MLDsaManaged key = ImportSeed(algorithm, number);
        key.ComputeMu(SignedMessage, [], mu);
        key.SignMuDeterministicForTesting(mu, new byte[32], signature);
        return key;
    }
}
