using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.BouncyCastle;

/// <summary>The keys of BouncyCastle.</summary>
/// <param name="strict">Whether an external μ is refused; otherwise the managed engine signs and verifies it with the same key.</param>
internal sealed class BouncyCastleEngine(bool strict) : PqcEngine
{
    public override string Name => PqcEngines.BouncyCastle;

    public override string Description => strict ? "bouncycastle (strict: no external mu)" : "bouncycastle (external mu by managed)";

    public override MLKem GenerateMLKem(MLKemAlgorithm algorithm) => MLKemBouncyCastle.GenerateKey(algorithm);

    public override MLKem ImportMLKemPrivateSeed(MLKemAlgorithm algorithm, ReadOnlySpan<byte> seed) =>
        MLKemBouncyCastle.ImportPrivateSeed(algorithm, seed);

    public override MLKem ImportMLKemEncapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> encapsulationKey) =>
        MLKemBouncyCastle.ImportEncapsulationKey(algorithm, encapsulationKey);

    public override MLDsa GenerateMLDsa(MLDsaAlgorithm algorithm) => MLDsaBouncyCastle.GenerateKey(algorithm, strict);

    public override MLDsa ImportMLDsaPrivateSeed(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> seed) =>
        MLDsaBouncyCastle.ImportMLDsaPrivateSeed(algorithm, seed, strict);

    public override MLDsa ImportMLDsaPublicKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> publicKey) =>
        MLDsaBouncyCastle.ImportMLDsaPublicKey(algorithm, publicKey, strict);
}
