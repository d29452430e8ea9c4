using System.Reflection;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Pqc.Crypto.Crystals.Dilithium;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;
using Qkms.Core.Cryptography.BouncyCastle;

namespace Qkms.Tests.Cryptography;

/// <summary>
/// What is about BouncyCastle alone: its readers and writers of PKCS #8 and SubjectPublicKeyInfo, which Qkms does not use, against the
/// containers of every engine; the strict engine; and where it keeps private keys.
/// </summary>
public sealed class EngineBouncyCastleTests
{
    private const string Sha512 = "2.16.840.1.101.3.4.2.3";

    // ρ, tr and t₁ are public.
    private static readonly KeyValuePair<string, bool>[] _mldsaArrays =
    [
        KeyValuePair.Create("m_rho", false), KeyValuePair.Create("m_k", true), KeyValuePair.Create("m_tr", false),
        KeyValuePair.Create("m_s1", true), KeyValuePair.Create("m_s2", true), KeyValuePair.Create("m_t0", true),
        KeyValuePair.Create("m_t1", false),
    ];

    [Fact]
    public void BouncyCastle_reads_and_writes_the_MLKem_containers_of_every_engine()
    {
        foreach (EngineUnderTest engine in EngineUnderTest.Present.Values)
        {
            foreach (MLKemAlgorithm algorithm in new[] { MLKemAlgorithm.MLKem512, MLKemAlgorithm.MLKem768, MLKemAlgorithm.MLKem1024 })
            {
                using MLKem key = engine.Engine.GenerateMLKem(algorithm);
                var read = (MLKemPrivateKeyParameters)PrivateKeyFactory.CreateKey(key.ExportPkcs8PrivateKey());
                read.GetSeed().Should().Equal(key.ExportPrivateSeed());
                PrivateKeyInfoFactory.CreatePrivateKeyInfo(read).GetDerEncoded().Should().Equal(key.ExportPkcs8PrivateKey());
                AgreesOnPublicKey(
                    key.ExportSubjectPublicKeyInfo(),
                    key.ExportEncapsulationKey(),
                    parsed => ((MLKemPublicKeyParameters)parsed).GetEncoded());

                using MLKem expanded = engine.ImportDecapsulationKey(algorithm, key.ExportDecapsulationKey());
                ((MLKemPrivateKeyParameters)PrivateKeyFactory.CreateKey(expanded.ExportPkcs8PrivateKey())).GetEncoded()
                    .Should().Equal(key.ExportDecapsulationKey());
            }
        }
    }

    [Fact]
    public void BouncyCastle_reads_and_writes_the_MLDsa_containers_of_every_engine()
    {
        foreach (EngineUnderTest engine in EngineUnderTest.Present.Values)
        {
            foreach (MLDsaAlgorithm algorithm in new[] { MLDsaAlgorithm.MLDsa44, MLDsaAlgorithm.MLDsa65, MLDsaAlgorithm.MLDsa87 })
            {
                using MLDsa key = engine.Engine.GenerateMLDsa(algorithm);
                var read = (MLDsaPrivateKeyParameters)PrivateKeyFactory.CreateKey(key.ExportPkcs8PrivateKey());
                read.GetSeed().Should().Equal(key.ExportMLDsaPrivateSeed());
                PrivateKeyInfoFactory.CreatePrivateKeyInfo(read).GetDerEncoded().Should().Equal(key.ExportPkcs8PrivateKey());
                AgreesOnPublicKey(
                    key.ExportSubjectPublicKeyInfo(),
                    key.ExportMLDsaPublicKey(),
                    parsed => ((MLDsaPublicKeyParameters)parsed).GetEncoded());

                using MLDsa expanded = engine.ImportMLDsaPrivateKey(algorithm, key.ExportMLDsaPrivateKey());
                ((MLDsaPrivateKeyParameters)PrivateKeyFactory.CreateKey(expanded.ExportPkcs8PrivateKey())).GetEncoded()
                    .Should().Equal(key.ExportMLDsaPrivateKey());
            }
        }
    }

    [Fact]
    public void Strict_engine_refuses_an_external_mu_and_nothing_else()
    {
        PqcEngine strict = PqcEngines.Select(PqcEngines.BouncyCastle, strict: true);
        using MLDsa generated = strict.GenerateMLDsa(MLDsaAlgorithm.MLDsa65);
        using MLDsa imported = strict.ImportMLDsaPrivateSeed(MLDsaAlgorithm.MLDsa65, generated.ExportMLDsaPrivateSeed());
        using MLDsa verifier = strict.ImportMLDsaPublicKey(MLDsaAlgorithm.MLDsa65, generated.ExportMLDsaPublicKey());
        foreach (MLDsa key in new[] { generated, imported })
            FluentActions.Invoking(() => key.SignMu(new byte[64])).Should().Throw<NotSupportedException>();

        byte[] message = RandomNumberGenerator.GetBytes(64);
        byte[] signature = imported.SignData(message);
        FluentActions.Invoking(() => verifier.VerifyMu(message, signature)).Should().Throw<NotSupportedException>();
        verifier.VerifyData(message, signature).Should().BeTrue();
        verifier.VerifyPreHash(message, imported.SignPreHash(message, Sha512), Sha512).Should().BeTrue();
    }

    [Fact]
    public void Disposing_zeroes_every_private_array_of_an_MLKem_key()
    {
        var key = MLKemPrivateKeyParameters.FromSeed(MLKemParameters.ml_kem_768, RandomNumberGenerator.GetBytes(64));
        PrivateArrays.Erase(key);
        ArraysOf(key).Should().BeEquivalentTo(new Dictionary<string, bool> { ["m_seed"] = true, ["m_encoding"] = true });
    }

    [Fact]
    public void Disposing_zeroes_every_private_array_of_an_MLDsa_key()
    {
        var key = MLDsaPrivateKeyParameters.FromSeed(MLDsaParameters.ml_dsa_65, RandomNumberGenerator.GetBytes(32));
        PrivateArrays.Erase(key);
        ArraysOf(key).Should().BeEquivalentTo(_mldsaArrays.Append(KeyValuePair.Create("m_seed", true)));
    }

    [Fact]
    public void Key_that_signs_formatted_messages_is_zeroed()
    {
#pragma warning disable CS0618 // Obsolete, and the only one that signs formatted messages.
        var key = MLDsaPrivateKeyParameters.FromSeed(MLDsaParameters.ml_dsa_65, RandomNumberGenerator.GetBytes(32));
        var copy = new DilithiumPrivateKeyParameters(DilithiumParameters.Dilithium3, key.GetEncoded(), pubKey: null);
#pragma warning restore CS0618
        PrivateArrays.Erase(copy);
        ArraysOf(copy).Should().BeEquivalentTo(_mldsaArrays);
    }

    // Every field that could hold a secret, and whether it is all zeros. One that a new version adds or moves shows here.
    private static Dictionary<string, bool> ArraysOf(object key) => key.GetType()
        .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
        .Where(field => !field.FieldType.IsEnum)
        .ToDictionary(field => field.Name, field => field.GetValue(key) is byte[] array && array.AsSpan().IndexOfAnyExcept((byte)0) < 0);

    private static void AgreesOnPublicKey(byte[] spki, byte[] publicKey, Func<AsymmetricKeyParameter, byte[]> encode)
    {
        AsymmetricKeyParameter parsed = PublicKeyFactory.CreateKey(spki);
        encode(parsed).Should().Equal(publicKey);
        SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(parsed).GetDerEncoded().Should().Equal(spki);
    }
}
