using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Qkms.Core.Secrets;

/// <summary>
/// Secret bytes with an end: zeroed when disposed, pinned so that the garbage collector leaves no copy behind, and silent
/// wherever values get printed.
/// </summary>
[JsonConverter(typeof(SecretBytesGuard))]
[DebuggerDisplay("SecretBytes({Length})")]
public sealed class SecretBytes : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _bytes;
    private bool _disposed;

    private SecretBytes(byte[] pinned) => _bytes = pinned;

    /// <summary>Length in bytes; not a secret.</summary>
    public int Length => _bytes.Length;

    /// <summary>The bytes.</summary>
    /// <exception cref="ObjectDisposedException">They were zeroed already.</exception>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public ReadOnlySpan<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes;
        }
    }

    /// <summary><paramref name="length"/> bytes from the system's random source.</summary>
    public static SecretBytes Random(int length)
    {
        SecretBytes secret = Allocate(length, out Span<byte> destination);
        RandomNumberGenerator.Fill(destination);
        return secret;
    }

    /// <summary>A copy of <paramref name="bytes"/>; zeroing the original is the caller's business.</summary>
    public static SecretBytes CopyOf(ReadOnlySpan<byte> bytes)
    {
        SecretBytes secret = Allocate(bytes.Length, out Span<byte> destination);
        bytes.CopyTo(destination);
        return secret;
    }

    /// <summary><paramref name="length"/> zero bytes to be written in place through <paramref name="destination"/>, so that no second copy exists.</summary>
    public static SecretBytes Allocate(int length, out Span<byte> destination)
    {
        byte[] pinned = AllocatePinned(length);
        destination = pinned;
        return new SecretBytes(pinned);
    }

    /// <summary>Zeroes the bytes.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_bytes);
    }

    /// <summary>The length, never the bytes.</summary>
    public override string ToString() => $"SecretBytes({Length})";

    private static byte[] AllocatePinned(int length) => GC.AllocateArray<byte>(length, pinned: true);
}
