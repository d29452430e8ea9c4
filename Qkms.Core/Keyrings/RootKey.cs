using System.Diagnostics;
using System.Security.Cryptography;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>The 256-bit key outside the database that opens the master key.</summary>
[DebuggerDisplay("RootKey({Id})")]
internal sealed class RootKey : IDisposable
{
    /// <summary>Length in bytes.</summary>
    public const int Size = WrappingKey.Size;

    private const int IdSize = 16;
    private readonly WrappingKey _key;

    /// <summary>Takes over <paramref name="secret"/>, 32 bytes; disposing the root key zeroes it.</summary>
    /// <param name="secret">The key.</param>
    /// <param name="source">Where it came from, for the log.</param>
    /// <param name="path">The file that it was read from, if it was a file.</param>
    internal RootKey(SecretBytes secret, string source, string? path = null)
    {
        (Source, Path) = (source, path);
        Guid id = KeyCheckValue(secret);
        Id = Convert.ToHexStringLower(id.ToByteArray(bigEndian: true));
        _key = new WrappingKey(id, secret);
    }

    /// <summary>
    /// The key-check value in 32 lower-case hexadecimal digits, by which a database knows its root key:
    /// HKDF-SHA256(key, no salt, "qkms/root-key-id/v1"), 16 bytes (RFC 5869). Its label is not that of <see cref="KeyWrap"/>, so nothing
    /// is learnt from it about the key or about what the key seals (RFC 5869, 3.2).
    /// </summary>
    public string Id { get; }

    /// <summary>Where it came from: a variable or a path, never the key.</summary>
    public string Source { get; }

    /// <summary>The file that it was read from, if it was a file.</summary>
    internal string? Path { get; }

    /// <summary>The key in the form that <see cref="KeyWrap"/> takes; it ends with the root key.</summary>
    internal WrappingKey WrappingKey => _key;

    private static ReadOnlySpan<byte> Label => "qkms/root-key-id/v1"u8;

    /// <summary>Zeroes the key.</summary>
    public void Dispose() => _key.Dispose();

    /// <summary>The id, never the key.</summary>
    public override string ToString() => $"RootKey({Id})";

    private static Guid KeyCheckValue(SecretBytes secret)
    {
        Span<byte> id = stackalloc byte[IdSize];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret.Span, id, salt: [], Label);
        return new Guid(id, bigEndian: true);
    }
}
