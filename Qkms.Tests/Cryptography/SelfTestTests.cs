using System.Security.Cryptography;
using Qkms.Core.Cryptography;

namespace Qkms.Tests.Cryptography;

/// <summary>The known answers at start refuse an engine that computes wrongly; that they pass is in <see cref="EngineContractTests"/>.</summary>
public sealed class SelfTestTests
{
    [Theory]
    [InlineData("ML-KEM-768")]
    [InlineData("ML-DSA-65")]
    public void Wrong_key_is_noticed_and_named(string algorithm) =>
        FluentActions.Invoking(() => SelfTest.Run(new WrongEngine(algorithm)))
            .Should().Throw<CryptographicException>().WithMessage($"*{algorithm}*'wrong'*");

    /// <summary>An engine that flips one bit of the seed of one algorithm.</summary>
    private sealed class WrongEngine(string algorithm) : PqcEngine
    {
        private readonly PqcEngine _inner = PqcEngines.Select("managed");

        public override string Name => "wrong";

        public override MLKem GenerateMLKem(MLKemAlgorithm set) => _inner.GenerateMLKem(set);

        public override MLKem ImportMLKemPrivateSeed(MLKemAlgorithm set, ReadOnlySpan<byte> seed) =>
            _inner.ImportMLKemPrivateSeed(set, Flip(set.Name, seed));

        public override MLKem ImportMLKemEncapsulationKey(MLKemAlgorithm set, ReadOnlySpan<byte> encapsulationKey) =>
            _inner.ImportMLKemEncapsulationKey(set, encapsulationKey);

        public override MLDsa GenerateMLDsa(MLDsaAlgorithm set) => _inner.GenerateMLDsa(set);

        public override MLDsa ImportMLDsaPrivateSeed(MLDsaAlgorithm set, ReadOnlySpan<byte> seed) =>
            _inner.ImportMLDsaPrivateSeed(set, Flip(set.Name, seed));

        public override MLDsa ImportMLDsaPublicKey(MLDsaAlgorithm set, ReadOnlySpan<byte> publicKey) =>
            _inner.ImportMLDsaPublicKey(set, publicKey);

        private byte[] Flip(string name, ReadOnlySpan<byte> seed)
        {
            byte[] copy = seed.ToArray();
            copy[0] ^= name == algorithm ? (byte)1 : (byte)0;
            return copy;
        }
    }
}
