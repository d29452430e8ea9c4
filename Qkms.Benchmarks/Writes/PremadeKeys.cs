using System.Security.Cryptography;
using Qkms.Core.Cryptography;

namespace Qkms.Benchmarks.Writes;

/// <summary>
/// Hands out ML-KEM-768 keys that another engine generated before the clock starts, so that only the writing is measured.
/// </summary>
internal sealed class PremadeKeys : PqcEngine
{
    private const int Keys = 256;

    private readonly (byte[] Seed, byte[] EncapsulationKey)[] _keys;
    private int _handedOut;

    internal PremadeKeys(PqcEngine engine) => _keys = [.. Enumerable.Range(0, Keys).Select(_ => Generate(engine))];

    public override string Name => "premade";

    public override MLKem GenerateMLKem(MLKemAlgorithm algorithm)
    {
        (byte[] seed, byte[] encapsulationKey) = _keys[Interlocked.Increment(ref _handedOut) & (Keys - 1)];
        return new PremadeKey(seed, encapsulationKey);
    }

    public override MLKem ImportMLKemPrivateSeed(MLKemAlgorithm algorithm, ReadOnlySpan<byte> seed) => throw new NotSupportedException();

    public override MLKem ImportMLKemEncapsulationKey(MLKemAlgorithm algorithm, ReadOnlySpan<byte> encapsulationKey) =>
        throw new NotSupportedException();

    public override MLDsa GenerateMLDsa(MLDsaAlgorithm algorithm) => throw new NotSupportedException();

    public override MLDsa ImportMLDsaPrivateSeed(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> seed) => throw new NotSupportedException();

    public override MLDsa ImportMLDsaPublicKey(MLDsaAlgorithm algorithm, ReadOnlySpan<byte> publicKey) => throw new NotSupportedException();

    private static (byte[] Seed, byte[] EncapsulationKey) Generate(PqcEngine engine)
    {
        using MLKem key = engine.GenerateMLKem(MLKemAlgorithm.MLKem768);
        return (key.ExportPrivateSeed(), key.ExportEncapsulationKey());
    }

    /// <summary>Only shows its seed and its encapsulation key; nobody uses it.</summary>
    private sealed class PremadeKey(byte[] seed, byte[] encapsulationKey) : MLKem(MLKemAlgorithm.MLKem768)
    {
        protected override void ExportPrivateSeedCore(Span<byte> destination) => seed.CopyTo(destination);

        protected override void ExportEncapsulationKeyCore(Span<byte> destination) => encapsulationKey.CopyTo(destination);

        protected override void EncapsulateCore(Span<byte> ciphertext, Span<byte> sharedSecret) => sharedSecret.Clear();

        protected override void DecapsulateCore(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret) =>
            throw new NotSupportedException();

        protected override void ExportDecapsulationKeyCore(Span<byte> destination) => throw new NotSupportedException();

        protected override bool TryExportPkcs8PrivateKeyCore(Span<byte> destination, out int bytesWritten) =>
            throw new NotSupportedException();
    }
}
