using System.Reflection;
using System.Security.Cryptography;
using Qkms.Core.Cryptography;

namespace Qkms.Tests.Cryptography;

/// <summary>BouncyCastle's own readers and writers of PKCS #8 and SubjectPublicKeyInfo, which Qkms does not use, against the containers of every engine.</summary>
/// <remarks>They are found by name: the default build has no reference to the package.</remarks>
public sealed class EngineBouncyCastleTests
{
    [EngineFact(PqcEngines.BouncyCastle)]
    [Trait("Engine", PqcEngines.BouncyCastle)]
    public void BouncyCastle_reads_and_writes_the_MLKem_containers_of_every_engine()
    {
        foreach (EngineUnderTest engine in EngineUnderTest.Present.Values)
        {
            foreach (MLKemAlgorithm algorithm in new[] { MLKemAlgorithm.MLKem512, MLKemAlgorithm.MLKem768, MLKemAlgorithm.MLKem1024 })
            {
                using MLKem key = engine.Engine.GenerateMLKem(algorithm);
                AgreesOn(key.ExportPkcs8PrivateKey(), key.ExportPrivateSeed(), key.ExportSubjectPublicKeyInfo(), key.ExportEncapsulationKey());
                using MLKem expanded = engine.ImportDecapsulationKey(algorithm, key.ExportDecapsulationKey());
                Encoded(ReadPrivate(expanded.ExportPkcs8PrivateKey())).Should().Equal(key.ExportDecapsulationKey());
            }
        }
    }

    [EngineFact(PqcEngines.BouncyCastle)]

    [Trait("Engine", PqcEngines.BouncyCastle)]
    public void BouncyCastle_reads_and_writes_the_MLDsa_containers_of_every_engine()
    {
        foreach (EngineUnderTest engine in EngineUnderTest.Present.Values)
        {
            foreach (MLDsaAlgorithm algorithm in new[] { MLDsaAlgorithm.MLDsa44, MLDsaAlgorithm.MLDsa65, MLDsaAlgorithm.MLDsa87 })
            {
                using MLDsa key = engine.Engine.GenerateMLDsa(algorithm);
                AgreesOn(key.ExportPkcs8PrivateKey(), key.ExportMLDsaPrivateSeed(), key.ExportSubjectPublicKeyInfo(), key.ExportMLDsaPublicKey());
                using MLDsa expanded = engine.ImportMLDsaPrivateKey(algorithm, key.ExportMLDsaPrivateKey());
                Encoded(ReadPrivate(expanded.ExportPkcs8PrivateKey())).Should().Equal(key.ExportMLDsaPrivateKey());
            }
        }
    }

    private static void AgreesOn(byte[] pkcs8, byte[] seed, byte[] spki, byte[] publicKey)
    {
        object privateKey = ReadPrivate(pkcs8);
        Call(privateKey, "GetSeed").Should().BeEquivalentTo(seed);
        Write("Org.BouncyCastle.Pkcs.PrivateKeyInfoFactory", "CreatePrivateKeyInfo", privateKey).Should().Equal(pkcs8);

        object encapsulationKey = Static("Org.BouncyCastle.Security.PublicKeyFactory", "CreateKey", spki);
        Encoded(encapsulationKey).Should().Equal(publicKey);
        Write("Org.BouncyCastle.X509.SubjectPublicKeyInfoFactory", "CreateSubjectPublicKeyInfo", encapsulationKey).Should().Equal(spki);
    }

    private static object ReadPrivate(byte[] pkcs8) => Static("Org.BouncyCastle.Security.PrivateKeyFactory", "CreateKey", pkcs8);

    private static byte[] Encoded(object key) => (byte[])Call(key, "GetEncoded");

    private static byte[] Write(string factory, string method, object key) => (byte[])Call(Static(factory, method, key), "GetDerEncoded");

    private static object Call(object target, string method) => target.GetType().GetMethod(method, Type.EmptyTypes)!.Invoke(target, null)!;

    private static object Static(string type, string method, object argument) =>
        Assembly.Load("BouncyCastle.Cryptography").GetType(type, throwOnError: true)!
            .GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Single(candidate => candidate.Name == method
                && candidate.GetParameters() is [ParameterInfo parameter] && parameter.ParameterType.IsInstanceOfType(argument))
            .Invoke(null, [argument])!;
}
