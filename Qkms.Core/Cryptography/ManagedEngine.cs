using System.Security.Cryptography;
using Qkms.Core.Cryptography.Fips203;
using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Core.Cryptography;

/// <summary>The keys of <see cref="Fips203"/> and <see cref="Fips204"/>, on every machine.</summary>
/// <param name="verifyAfterSign">Whether each signature is verified before it leaves.</param>
internal sealed class ManagedEngine(bool verifyAfterSign = true) : PqcEngine
{
    public override string Name => PqcEngines.Managed;

    public override MLKem GenerateMLKem(MLKemAlgorithm algorithm) => MLKemManaged.GenerateKey(algorithm);

    public override MLKem ImportMLKemPrivateSeed(MLKemAlgorithm algorithm, ReadOnlySpan<byte> seed) =>
        MLKemManaged.ImportPrivateSeed(algorithm, seed);

    public override MLKem ImportMLKemEncapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> encapsulationKey) =>
        MLKemManaged.ImportEncapsulationKey(algorithm, encapsulationKey);

    public override MLDsa GenerateMLDsa(MLDsaAlgorithm algorithm) => Set(MLDsaManaged.GenerateKey(algorithm));

    public override MLDsa ImportMLDsaPrivateSeed(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> seed) =>
        Set(MLDsaManaged.ImportMLDsaPrivateSeed(algorithm, seed));

    public override MLDsa ImportMLDsaPublicKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> publicKey) =>
        MLDsaManaged.ImportMLDsaPublicKey(algorithm, publicKey);

    private MLDsaManaged Set(MLDsaManaged key)
    {
        key.VerifiesAfterSigning = verifyAfterSign;
        return key;
    }
}
