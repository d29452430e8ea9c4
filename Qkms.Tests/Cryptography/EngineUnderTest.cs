using System.Reflection;

namespace Qkms.Tests.Cryptography;

/// <summary>An engine that is present here, with every way in which its keys are imported.</summary>
internal sealed class EngineUnderTest
{
    internal delegate TKey ImportKey<in TAlgorithm, out TKey>(TAlgorithm algorithm, ReadOnlySpan<byte> source);

    internal delegate TKey ImportContainer<out TKey>(ReadOnlySpan<byte> source);

    private static readonly (string Name, string Need)[] _engines =
    [
        (PqcEngines.BouncyCastle, "nothing"),
        (PqcEngines.Managed, "nothing"),
        (PqcEngines.Platform, "a machine whose OpenSSL is 3.5 or later, or Windows 11 24H2 or later"),
    ];

    private readonly Type _kem;
    private readonly Type _dsa;

    private EngineUnderTest(PqcEngine engine)
    {
        Engine = engine;

        // The static methods of the three classes have the same names, and are found by the class of a key; the platform's are those of the
        // abstract class itself.
        using MLKem kem = engine.GenerateMLKem(MLKemAlgorithm.MLKem512);
        using MLDsa dsa = engine.GenerateMLDsa(MLDsaAlgorithm.MLDsa44);
        _kem = engine.Name == PqcEngines.Platform ? typeof(MLKem) : kem.GetType();
        _dsa = engine.Name == PqcEngines.Platform ? typeof(MLDsa) : dsa.GetType();
    }

    /// <summary>The engines of this machine: all but the platform's always, and that where it is supported.</summary>
    internal static IReadOnlyDictionary<string, EngineUnderTest> Present { get; } =
        _engines.Select(engine => TrySelect(engine.Name))
            .OfType<PqcEngine>()
            .ToDictionary(engine => engine.Name, engine => new EngineUnderTest(engine));

    internal PqcEngine Engine { get; }

    /// <summary>Every engine of this machine with every one of these parameter sets.</summary>
    internal static TheoryData<string, string> EachWith(params string[] sets)
    {
        TheoryData<string, string> data = [];
        foreach (string engine in Present.Keys)
        {
            foreach (string set in sets)
                data.Add(engine, set);
        }

        return data;
    }

    internal ImportKey<MLKemAlgorithm, MLKem> ImportDecapsulationKey =>
        Bind<ImportKey<MLKemAlgorithm, MLKem>>(_kem, nameof(MLKem.ImportDecapsulationKey));

    internal ImportContainer<MLKem> ImportMLKemSpki => Bind<ImportContainer<MLKem>>(_kem, nameof(MLKem.ImportSubjectPublicKeyInfo));

    internal ImportContainer<MLKem> ImportMLKemPkcs8 => Bind<ImportContainer<MLKem>>(_kem, nameof(MLKem.ImportPkcs8PrivateKey));

    internal ImportKey<MLDsaAlgorithm, MLDsa> ImportMLDsaPrivateKey =>
        Bind<ImportKey<MLDsaAlgorithm, MLDsa>>(_dsa, nameof(MLDsa.ImportMLDsaPrivateKey));

    internal ImportContainer<MLDsa> ImportMLDsaSpki => Bind<ImportContainer<MLDsa>>(_dsa, nameof(MLDsa.ImportSubjectPublicKeyInfo));

    internal ImportContainer<MLDsa> ImportMLDsaPkcs8 => Bind<ImportContainer<MLDsa>>(_dsa, nameof(MLDsa.ImportPkcs8PrivateKey));

    /// <summary>
    /// The platform does not look at the version of PKCS #8; the others take 0, or 1 with a public key (RFC 5958, section 2).
    /// </summary>
    internal bool ReadsOverVersion(byte[] pkcs8) => Engine.Name == PqcEngines.Platform && pkcs8 is [0x30, _, 0x02, 0x01, > 0, ..];

    /// <summary>
    /// The platform takes a public key whose last bits are declared unused, if they are zero; the others ask for whole bytes.
    /// </summary>
    internal bool ReadsOverUnusedBits(byte[] subjectPublicKeyInfo) =>
        Engine.Name == PqcEngines.Platform && subjectPublicKeyInfo.ElementAtOrDefault(21) is > 0 and < 8;

    /// <summary>Why an engine is not tested here, or null where it is.</summary>
    internal static string? Absence(string name) =>
        Present.ContainsKey(name)
            ? null
            : $"The engine '{name}' is absent: it needs {_engines.Single(engine => engine.Name == name).Need}.";

    private static PqcEngine? TrySelect(string name)
    {
        try
        {
            return PqcEngines.Select(name);
        }
        catch (PqcEngineUnavailableException)
        {
            return null;
        }
    }

    private static TDelegate Bind<TDelegate>(Type type, string name)
        where TDelegate : Delegate
    {
        Type[] parameters = [.. typeof(TDelegate).GetMethod("Invoke")!.GetParameters().Select(parameter => parameter.ParameterType)];
        MethodInfo method = type.GetMethod(name, BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly, parameters)
            ?? throw new MissingMethodException(type.Name, name);
        return method.CreateDelegate<TDelegate>();
    }
}
