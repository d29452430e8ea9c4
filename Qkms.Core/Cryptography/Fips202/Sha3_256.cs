namespace Qkms.Core.Cryptography.Fips202;

/// <summary>SHA3-256 (FIPS 202, section 6.1).</summary>
/// <remarks>A mutable value: do not copy it while it holds input.</remarks>
internal struct Sha3_256
{
    internal const int HashSizeInBytes = 32;

    private Sponge _sponge;

    /// <summary>An empty function; <see langword="default"/> is not usable.</summary>
    public Sha3_256() => _sponge = new Sponge(rate: 136, suffix: 0x06);

    [TouchesSecrets]
    internal void Absorb(ReadOnlySpan<byte> data) => _sponge.Absorb(data);

    /// <summary>Writes the 32 bytes of the digest; nothing can be absorbed afterwards.</summary>
    [TouchesSecrets]
    internal void Finish(Span<byte> destination) => _sponge.Squeeze(destination[..HashSizeInBytes]);

    [TouchesSecrets]
    internal void Clear() => _sponge.Clear();

    /// <summary>The digest of <paramref name="first"/> ‖ <paramref name="second"/>.</summary>
    [TouchesSecrets]
    internal static void HashData(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> destination)
    {
        var hash = new Sha3_256();
        try
        {
            hash.Absorb(first);
            hash.Absorb(second);
            hash.Finish(destination);
        }
        finally
        {
            hash.Clear();
        }
    }
}
