using System.Diagnostics;

namespace Qkms.Core.Keyrings;

/// <summary>
/// One share of a root key, as <see cref="ShareText"/> writes it. Alone it says nothing of the root key but how the id of that one begins.
/// </summary>
[DebuggerDisplay("RootKeyShare({Number})")]
internal sealed class RootKeyShare : IDisposable
{
    private RootKeyShare(SecretBytes bytes, uint tag) => (Bytes, Tag) = (bytes, tag);

    /// <summary>Which root key it is of: the first four bytes of that one's id.</summary>
    public uint Tag { get; }

    /// <summary>Its values, and its number as the last byte.</summary>
    public SecretBytes Bytes { get; }

    /// <summary>Which of the shares it is, from 1 on.</summary>
    public int Number => Bytes.Span[^1];

    /// <summary>Reads one.</summary>
    /// <param name="text">What somebody has typed.</param>
    /// <exception cref="RootKeyException">It is no share, or was mistyped.</exception>
    public static RootKeyShare Read(ReadOnlySpan<byte> text) => ShareText.TryRead(text, out uint tag) is { } bytes
        ? new RootKeyShare(bytes, tag)
        : throw new RootKeyException("That is no share of a root key, or it was mistyped: its checksum does not fit.");

    /// <summary>Zeroes it.</summary>
    public void Dispose() => Bytes.Dispose();

    /// <summary>Its number, never its values.</summary>
    public override string ToString() => $"RootKeyShare({Number})";
}
