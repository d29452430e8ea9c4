using System.Security.Cryptography;

namespace Qkms.Core.Cryptography;

/// <summary>
/// .NET's own keys, where the operating system's library has the algorithms (OpenSSL 3.5 and later, Windows 11 24H2 and later).
/// </summary>
internal sealed class PlatformEngine : PqcEngine
{
    public override string Name => PqcEngines.Platform;

    public override MLKem GenerateMLKem(MLKemAlgorithm algorithm) => MLKem.GenerateKey(algorithm);

    public override MLKem ImportMLKemPrivateSeed(MLKemAlgorithm algorithm, ReadOnlySpan<byte> seed) =>
        MLKem.ImportPrivateSeed(algorithm, seed);

    public override MLKem ImportMLKemEncapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> encapsulationKey) =>
        MLKem.ImportEncapsulationKey(algorithm, encapsulationKey);

    public override MLDsa GenerateMLDsa(MLDsaAlgorithm algorithm) => MLDsa.GenerateKey(algorithm);

    public override MLDsa ImportMLDsaPrivateSeed(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> seed) =>
        MLDsa.ImportMLDsaPrivateSeed(algorithm, seed);

    public override MLDsa ImportMLDsaPublicKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> publicKey) =>
        MLDsa.ImportMLDsaPublicKey(algorithm, publicKey);
}
