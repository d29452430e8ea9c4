using System.Security.Cryptography;
using Qkms.Core.Cryptography;

namespace Qkms.Tests.Support;

/// <summary>The managed engine under another name, which flips one bit of the seed of one algorithm: consistent with itself, and wrong.</summary>
internal sealed class WrongEngine(string algorithm) : PqcEngine
{
    private readonly PqcEngine _inner = PqcEngines.Select(PqcEngines.Managed);

    public override string Name => "wrong";

    public override MLKem GenerateMLKem(MLKemAlgorithm set) => _inner.GenerateMLKem(set);

    public override MLKem ImportMLKemPrivateSeed(MLKemAlgorithm set, ReadOnlySpan<byte> seed) => _inner.ImportMLKemPrivateSeed(set, Flip(set.Name, seed));

    public override MLKem ImportMLKemEncapsulationKey(MLKemAlgorithm set, ReadOnlySpan<byte> encapsulationKey) => _inner.ImportMLKemEncapsulationKey(set, encapsulationKey);

    public override MLDsa GenerateMLDsa(MLDsaAlgorithm set) => _inner.GenerateMLDsa(set);

    public override MLDsa ImportMLDsaPrivateSeed(MLDsaAlgorithm set, ReadOnlySpan<byte> seed) => _inner.ImportMLDsaPrivateSeed(set, Flip(set.Name, seed));

    public override MLDsa ImportMLDsaPublicKey(MLDsaAlgorithm set, ReadOnlySpan<byte> publicKey) => _inner.ImportMLDsaPublicKey(set, publicKey);

    private byte[] Flip(string name, ReadOnlySpan<byte> seed)
    {
        byte[] copy = seed.ToArray();
        copy[0] ^= name == algorithm ? (byte)1 : (byte)0;
        return copy;
    }
}
