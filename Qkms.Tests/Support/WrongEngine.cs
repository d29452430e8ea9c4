namespace Qkms.Tests.Support;

/// <summary>
/// The managed engine under another name, with a fault in one algorithm. It agrees with itself: only another engine can notice.
/// </summary>
internal sealed class WrongEngine(string algorithm, WrongEngine.Fault fault = WrongEngine.Fault.Derivation) : PqcEngine
{
    private readonly PqcEngine _inner = PqcEngines.Select(PqcEngines.Managed);

    /// <summary>What goes wrong.</summary>
    public enum Fault
    {
        /// <summary>Seeds are expanded to another key.</summary>
        Derivation,

        /// <summary>The key is right; shared secrets and signatures are not.</summary>
        Use,

        /// <summary>Seeds cannot be expanded.</summary>
        Failure,
    }

    /// <summary>Whether keys that are made from now on are faulty.</summary>
    public bool IsFaulty { get; set; } = true;

    public override string Name => "wrong";

    public override MLKem GenerateMLKem(MLKemAlgorithm set) =>
        ImportMLKemPrivateSeed(set, RandomNumberGenerator.GetBytes(set.PrivateSeedSizeInBytes));

    public override MLKem ImportMLKemPrivateSeed(MLKemAlgorithm set, ReadOnlySpan<byte> seed) =>
        new WrongMLKem(_inner.ImportMLKemPrivateSeed(set, Expanded(set.Name, seed)), seed.ToArray(), Is(set.Name, Fault.Use));

    public override MLKem ImportMLKemEncapsulationKey(MLKemAlgorithm set, ReadOnlySpan<byte> encapsulationKey) =>
        _inner.ImportMLKemEncapsulationKey(set, encapsulationKey);

    public override MLDsa GenerateMLDsa(MLDsaAlgorithm set) =>
        ImportMLDsaPrivateSeed(set, RandomNumberGenerator.GetBytes(set.PrivateSeedSizeInBytes));

    public override MLDsa ImportMLDsaPrivateSeed(MLDsaAlgorithm set, ReadOnlySpan<byte> seed) =>
        new WrongMLDsa(_inner.ImportMLDsaPrivateSeed(set, Expanded(set.Name, seed)), seed.ToArray(), Is(set.Name, Fault.Use));

    public override MLDsa ImportMLDsaPublicKey(MLDsaAlgorithm set, ReadOnlySpan<byte> publicKey) =>
        _inner.ImportMLDsaPublicKey(set, publicKey);

    private bool Is(string set, Fault asked) => IsFaulty && set == algorithm && fault == asked;

    private byte[] Expanded(string set, ReadOnlySpan<byte> seed)
    {
        if (Is(set, Fault.Failure))
            throw new CryptographicException("on purpose");

        byte[] copy = seed.ToArray();
        copy[0] ^= Is(set, Fault.Derivation) ? (byte)1 : (byte)0;
        return copy;
    }

    private sealed class WrongMLKem(MLKem inner, byte[] seed, bool wrong) : MLKem(inner.Algorithm)
    {
        protected override void EncapsulateCore(Span<byte> ciphertext, Span<byte> sharedSecret)
        {
            inner.Encapsulate(ciphertext, sharedSecret);
            sharedSecret[0] ^= wrong ? (byte)1 : (byte)0;
        }

        protected override void DecapsulateCore(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
        {
            inner.Decapsulate(ciphertext, sharedSecret);
            sharedSecret[0] ^= wrong ? (byte)1 : (byte)0;
        }

        protected override void ExportPrivateSeedCore(Span<byte> destination) => seed.CopyTo(destination);

        protected override void ExportDecapsulationKeyCore(Span<byte> destination) => inner.ExportDecapsulationKey(destination);

        protected override void ExportEncapsulationKeyCore(Span<byte> destination) => inner.ExportEncapsulationKey(destination);

        protected override bool TryExportPkcs8PrivateKeyCore(Span<byte> destination, out int bytesWritten) =>
            inner.TryExportPkcs8PrivateKey(destination, out bytesWritten);
    }

    private sealed class WrongMLDsa(MLDsa inner, byte[] seed, bool wrong) : MLDsa(inner.Algorithm)
    {
        protected override void SignDataCore(ReadOnlySpan<byte> data, ReadOnlySpan<byte> context, Span<byte> destination) =>
            inner.SignData(data, destination, Of(context));

        protected override bool VerifyDataCore(ReadOnlySpan<byte> data, ReadOnlySpan<byte> context, ReadOnlySpan<byte> signature) =>
            inner.VerifyData(data, signature, Of(context));

        protected override void SignPreHashCore(
            ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string hashAlgorithmOid, Span<byte> destination) =>
            inner.SignPreHash(hash, destination, hashAlgorithmOid, Of(context));

        protected override bool VerifyPreHashCore(
            ReadOnlySpan<byte> hash, ReadOnlySpan<byte> context, string hashAlgorithmOid, ReadOnlySpan<byte> signature) =>
            inner.VerifyPreHash(hash, signature, hashAlgorithmOid, Of(context));

        protected override void SignMuCore(ReadOnlySpan<byte> externalMu, Span<byte> destination) => inner.SignMu(externalMu, destination);

        protected override bool VerifyMuCore(ReadOnlySpan<byte> externalMu, ReadOnlySpan<byte> signature) =>
            inner.VerifyMu(externalMu, signature);

        protected override void ExportMLDsaPublicKeyCore(Span<byte> destination) => inner.ExportMLDsaPublicKey(destination);

        protected override void ExportMLDsaPrivateKeyCore(Span<byte> destination) => inner.ExportMLDsaPrivateKey(destination);

        protected override void ExportMLDsaPrivateSeedCore(Span<byte> destination) => seed.CopyTo(destination);

        protected override bool TryExportPkcs8PrivateKeyCore(Span<byte> destination, out int bytesWritten) =>
            inner.TryExportPkcs8PrivateKey(destination, out bytesWritten);

        private byte[] Of(ReadOnlySpan<byte> context) => wrong ? [.. context, 1] : context.ToArray();
    }
}
