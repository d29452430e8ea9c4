using Qkms.Core.Algorithms;
using Qkms.Core.Cryptography;
using Qkms.Core.Lifecycle;
using Qkms.Core.Secrets;

namespace Qkms.Benchmarks.Writes;

/// <summary>Hands out copies of key pairs that were made before the clock starts, so that only the writing is measured.</summary>
internal sealed class PremadeMaterial : KeyMaterialFactory
{
    private const int Pairs = 256;

    private readonly NewKeyMaterial[] _pairs;
    private int _handedOut;

    internal PremadeMaterial(PqcEngine engine)
        : base(new SecondOpinion(engine)) =>
        _pairs = [.. Enumerable.Range(0, Pairs).Select(_ => base.Create(KeyAlgorithm.MLKem768, KeyUse.Encryption))];

    public override NewKeyMaterial Create(KeyAlgorithm algorithm, KeyUse use)
    {
        NewKeyMaterial pair = _pairs[Interlocked.Increment(ref _handedOut) & (Pairs - 1)];
        return pair with { PrivateKey = SecretBytes.CopyOf(pair.PrivateKey.Span) };
    }
}
