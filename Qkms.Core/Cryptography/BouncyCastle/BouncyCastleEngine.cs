using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.BouncyCastle;

/// <summary>The keys of BouncyCastle, in builds made with <c>UseBouncyCastle=true</c>.</summary>
internal sealed class BouncyCastleEngine : PqcEngine
{
    public override string Name => PqcEngines.BouncyCastle;

    public override MLKem GenerateMLKem(MLKemAlgorithm algorithm) => MLKemBouncyCastle.GenerateKey(algorithm);

    public override MLKem ImportMLKemPrivateSeed(MLKemAlgorithm algorithm, ReadOnlySpan<byte> seed) =>
        MLKemBouncyCastle.ImportPrivateSeed(algorithm, seed);

    public override MLKem ImportMLKemEncapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> encapsulationKey) =>
        MLKemBouncyCastle.ImportEncapsulationKey(algorithm, encapsulationKey);

    public override MLDsa GenerateMLDsa(MLDsaAlgorithm algorithm) => MLDsaBouncyCastle.GenerateKey(algorithm);

    public override MLDsa ImportMLDsaPrivateSeed(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> seed) =>
        MLDsaBouncyCastle.ImportMLDsaPrivateSeed(algorithm, seed);

    public override MLDsa ImportMLDsaPublicKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> publicKey) =>
        MLDsaBouncyCastle.ImportMLDsaPublicKey(algorithm, publicKey);
}
