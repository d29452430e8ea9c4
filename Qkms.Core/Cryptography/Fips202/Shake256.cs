namespace Qkms.Core.Cryptography.Fips202;

/// <summary>SHAKE256, an output of any length (FIPS 202, section 6.2).</summary>
/// <remarks>A mutable value: do not copy it while it holds input.</remarks>
internal struct Shake256
{
    private Sponge _sponge;

    /// <summary>An empty function; <see langword="default"/> is not usable.</summary>
    public Shake256() => _sponge = new Sponge(rate: 136, suffix: 0x1F);

    [TouchesSecrets]
    internal void Absorb(ReadOnlySpan<byte> data) => _sponge.Absorb(data);

    /// <summary>Gives the next bytes of the output; nothing can be absorbed afterwards.</summary>
    [TouchesSecrets]
    internal void Squeeze(Span<byte> destination) => _sponge.Squeeze(destination);

    [TouchesSecrets]
    internal void Clear() => _sponge.Clear();

    /// <summary>The output for <paramref name="first"/> ‖ <paramref name="second"/>, as long as <paramref name="destination"/>.</summary>
    [TouchesSecrets]
    internal static void HashData(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> destination)
    {
        var shake = new Shake256();
        try
        {
            shake.Absorb(first);
            shake.Absorb(second);
            shake.Squeeze(destination);
        }
        finally
        {
            shake.Clear();
        }
    }
}
