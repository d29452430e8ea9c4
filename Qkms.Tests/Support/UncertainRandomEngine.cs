using Qkms.Core.Cryptography.Fips204;

namespace Qkms.Tests.Support;

/// <summary>The managed engine with a random source for signatures that can fail.</summary>
internal sealed class UncertainRandomEngine(PqcEngine engine) : PqcEngine
{
    private volatile bool _fails;

    public override string Name => engine.Name;

    /// <summary>Whether the source fails from now on.</summary>
    public bool Fails
    {
        get => _fails;
        set => _fails = value;
    }

    public override MLKem GenerateMLKem(MLKemAlgorithm algorithm) => engine.GenerateMLKem(algorithm);

    public override MLKem ImportMLKemPrivateSeed(MLKemAlgorithm algorithm, ReadOnlySpan<byte> seed) =>
        engine.ImportMLKemPrivateSeed(algorithm, seed);

    public override MLKem ImportMLKemEncapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> encapsulationKey) =>
        engine.ImportMLKemEncapsulationKey(algorithm, encapsulationKey);

    public override MLDsa GenerateMLDsa(MLDsaAlgorithm algorithm) => engine.GenerateMLDsa(algorithm);

    public override MLDsa ImportMLDsaPrivateSeed(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> seed) =>
        MLDsaManaged.ImportWithRandomSourceForTesting(algorithm, seed, Fill);

    public override MLDsa ImportMLDsaPublicKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> publicKey) =>
        engine.ImportMLDsaPublicKey(algorithm, publicKey);

    private void Fill(Span<byte> destination)
    {
        if (Fails)
            throw new CryptographicException("No random bytes.");

        RandomNumberGenerator.Fill(destination);
    }
}
