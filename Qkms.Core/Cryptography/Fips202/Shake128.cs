namespace Qkms.Core.Cryptography.Fips202;

/// <summary>SHAKE128, an output of any length (FIPS 202, section 6.2).</summary>
/// <remarks>A mutable value: do not copy it while it holds input.</remarks>
internal struct Shake128
{
    /// <summary>Bytes given by one permutation: squeezing whole blocks wastes nothing.</summary>
    internal const int BlockSizeInBytes = 168;

    private Sponge _sponge;

    /// <summary>An empty function; <see langword="default"/> is not usable.</summary>
    public Shake128() => _sponge = new Sponge(rate: BlockSizeInBytes, suffix: 0x1F);

    [TouchesSecrets]
    internal void Absorb(ReadOnlySpan<byte> data) => _sponge.Absorb(data);

    /// <summary>Gives the next bytes of the output; nothing can be absorbed afterwards.</summary>
    [TouchesSecrets]
    internal void Squeeze(Span<byte> destination) => _sponge.Squeeze(destination);

    [TouchesSecrets]
    internal void Clear() => _sponge.Clear();
}
