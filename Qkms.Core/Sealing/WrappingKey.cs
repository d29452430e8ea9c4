namespace Qkms.Core.Sealing;

/// <summary>A 256-bit key that only wraps or derives, and the id under which the database knows it.</summary>
/// <param name="Id">The id; it stands in the header of everything that the key seals.</param>
/// <param name="Secret">32 bytes.</param>
internal sealed record WrappingKey(Guid Id, SecretBytes Secret) : IDisposable
{
    /// <summary>Length of every wrapping key, in bytes.</summary>
    public const int Size = 32;

    /// <summary>32 bytes; they end with the key.</summary>
    public SecretBytes Secret { get; } = Secret.Length == Size
        ? Secret
        : throw new ArgumentException("A wrapping key has 32 bytes.", nameof(Secret));

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => Secret.Dispose();

    /// <summary>The id, never the key.</summary>
    public override string ToString() => $"WrappingKey({Id})";
}
