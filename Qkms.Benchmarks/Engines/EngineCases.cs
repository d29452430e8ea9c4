using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;

namespace Qkms.Benchmarks.Engines;

/// <summary>
/// The operations of ML-KEM-768 and ML-DSA-65 by every engine of this machine, and the generation of keys with a
/// second opinion and without.
/// </summary>
internal static class EngineCases
{
    private const string WithoutOpinion = "without second opinion";
    private const string WithOpinion = "with";
    private const int Messages = 147;

    internal static IEnumerable<EngineCase> All()
    {
        PqcEngine[] engines = [.. ((string[])[PqcEngines.BouncyCastle, PqcEngines.Platform, PqcEngines.Managed])
            .Where(name => name != PqcEngines.Platform || PqcEngines.IsPlatformSupported)
            .Select(name => PqcEngines.Select(name))];
        return [.. engines.SelectMany(MLKem), .. engines.SelectMany(MLDsa), .. engines.SelectMany(Generation), .. RsaGeneration()];
    }

    /// <summary>What the engines do of both algorithms, without the keys that are checked by a second opinion.</summary>
    internal static IEnumerable<EngineCase> Operations(string engine)
    {
        PqcEngine selected = PqcEngines.Select(engine);
        return [.. MLKem(selected), .. MLDsa(selected)];
    }

    private static IEnumerable<EngineCase> MLKem(PqcEngine engine)
    {
        MLKemAlgorithm set = MLKemAlgorithm.MLKem768;
        MLKem key = engine.GenerateMLKem(set);
        byte[] ciphertext = new byte[set.CiphertextSizeInBytes];
        byte[] secret = new byte[set.SharedSecretSizeInBytes];
        byte[] seed = key.ExportPrivateSeed();
        key.Encapsulate(ciphertext, secret);
        yield return new("ML-KEM-768 keygen", engine.Name, Repeat(() => engine.GenerateMLKem(set).Dispose()));
        yield return new("ML-KEM-768 load from the seed", engine.Name, Repeat(() => engine.ImportMLKemPrivateSeed(set, seed).Dispose()));
        byte[] received = [.. ciphertext];
        byte[] publicKey = key.ExportEncapsulationKey();
        yield return new("ML-KEM-768 encapsulate, key imported", engine.Name, Repeat(() =>
        {
            using MLKem imported = engine.ImportMLKemEncapsulationKey(set, publicKey);
            imported.Encapsulate(ciphertext, secret);
        }));
        yield return new("ML-KEM-768 encapsulate", engine.Name, Repeat(() => key.Encapsulate(ciphertext, secret)));
        yield return new("ML-KEM-768 decapsulate, seed imported", engine.Name, Repeat(() =>
        {
            using MLKem imported = engine.ImportMLKemPrivateSeed(set, seed);
            imported.Decapsulate(received, secret);
        }));
        yield return new("ML-KEM-768 decapsulate", engine.Name, Repeat(() => key.Decapsulate(received, secret)));
    }

    private static IEnumerable<EngineCase> MLDsa(PqcEngine engine)
    {
        MLDsaAlgorithm set = MLDsaAlgorithm.MLDsa65;
        MLDsa key = engine.ImportMLDsaPrivateSeed(set, new byte[32]);
        byte[][] messages = BenchmarkMessages.Read(Messages);
        byte[] signature = new byte[set.SignatureSizeInBytes];
        byte[] valid = new byte[set.SignatureSizeInBytes];
        key.SignData(messages[0].AsSpan(), valid.AsSpan());
        byte[] publicKey = key.ExportMLDsaPublicKey();
        int next = 0;
        yield return new("ML-DSA-65 keygen", engine.Name, Repeat(() => engine.GenerateMLDsa(set).Dispose()));
        yield return new(
            "ML-DSA-65 load from the seed", engine.Name, Repeat(() => engine.ImportMLDsaPrivateSeed(set, new byte[32]).Dispose()));
        foreach ((PqcEngine signer, string by) in Signers(engine))
        {
            MLDsa signingKey = signer.ImportMLDsaPrivateSeed(set, new byte[32]);
            yield return new("ML-DSA-65 sign, seed imported", by, Repeat(() =>
            {
                using MLDsa imported = signer.ImportMLDsaPrivateSeed(set, new byte[32]);
                imported.SignData(messages[next++ % Messages].AsSpan(), signature.AsSpan());
            }));
            yield return new(
                "ML-DSA-65 sign", by, Repeat(() => signingKey.SignData(messages[next++ % Messages].AsSpan(), signature.AsSpan())));
        }

        yield return new("ML-DSA-65 verify, key imported", engine.Name, Repeat(() =>
        {
            using MLDsa imported = engine.ImportMLDsaPublicKey(set, publicKey);
            imported.VerifyData(messages[0].AsSpan(), valid.AsSpan());
        }));
        yield return new("ML-DSA-65 verify", engine.Name, Repeat(() => key.VerifyData(messages[0].AsSpan(), valid.AsSpan())));
    }

    // The managed engine verifies what it signed, and can be told not to.
    private static IEnumerable<(PqcEngine Engine, string By)> Signers(PqcEngine engine) =>
        engine.Name == PqcEngines.Managed
            ? [(engine, "managed"), (PqcEngines.Select(PqcEngines.Managed, verifyAfterSign: false), "managed, not verified")]
            : [(engine, engine.Name)];

    private static IEnumerable<EngineCase> Generation(PqcEngine engine)
    {
        KeyMakers makers = new(new SecondOpinion(engine));
        yield return new($"new ML-KEM-768 key, {engine.Name}", WithoutOpinion, Repeat(() => AloneMLKem(engine, MLKemAlgorithm.MLKem768)));
        yield return new($"new ML-KEM-768 key, {engine.Name}", WithOpinion, Repeat(() => Make(KeyAlgorithm.MLKem768, makers)));
        yield return new($"new ML-DSA-65 key, {engine.Name}", WithoutOpinion, Repeat(() => AloneMLDsa(engine, MLDsaAlgorithm.MLDsa65)));
        yield return new($"new ML-DSA-65 key, {engine.Name}", WithOpinion, Repeat(() => Make(KeyAlgorithm.MLDsa65, makers)));
    }

    private static void Make(KeyAlgorithm algorithm, KeyMakers makers) =>
        algorithm.Family.Generate(algorithm, algorithm.Uses[0], makers).Dispose();

    // Finding primes takes a time that varies by a factor of ten: what the opinion adds is measured on keys that are there.
    private static IEnumerable<EngineCase> RsaGeneration()
    {
        foreach (int bits in (int[])[2048, 3072, 4096])
        {
            RSA key = RSA.Create(bits);
            yield return new(
                $"new RSA-{bits} key", WithoutOpinion, Repeat(() => RSA.Create(bits).ExportParameters(includePrivateParameters: true)));
            yield return new(
                $"new RSA-{bits} key",
                "the second opinion alone",
                Repeat(() => Core.Cryptography.BouncyCastle.RsaOpinion.Confirm(key, encrypts: false)));
        }
    }

    // As keys were checked before: loaded again by the same engine, and used against themselves.
    private static void AloneMLKem(PqcEngine engine, MLKemAlgorithm set)
    {
        using MLKem generated = engine.GenerateMLKem(set);
        using MLKem stored = engine.ImportMLKemPrivateSeed(set, generated.ExportPrivateSeed());
        generated.Encapsulate(out byte[] ciphertext, out byte[] sent);
        if (!CryptographicOperations.FixedTimeEquals(sent, stored.Decapsulate(ciphertext)))
            throw new CryptographicException("The pair does not fit.");
    }

    private static void AloneMLDsa(PqcEngine engine, MLDsaAlgorithm set)
    {
        using MLDsa generated = engine.GenerateMLDsa(set);
        using MLDsa stored = engine.ImportMLDsaPrivateSeed(set, generated.ExportMLDsaPrivateSeed());
        byte[] message = generated.ExportMLDsaPublicKey();
        if (!generated.VerifyData(message, stored.SignData(message)))
            throw new CryptographicException("The pair does not fit.");
    }

    private static Action<int> Repeat(Action operation) => count =>
    {
        for (int i = 0; i < count; i++)
            operation();
    };
}
