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
internal sealed class SecretBytes : IDisposable
{
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private byte[]? _bytes;

    private SecretBytes(byte[] rented, int length) => (_bytes, Length) = (rented, length);

    /// <summary>Length in bytes; not a secret.</summary>
    public int Length { get; }

    /// <summary>
    /// The bytes. A span taken before the end must not be read after it: by then the memory may hold the secret of somebody else.
    /// </summary>
    /// <exception cref="ObjectDisposedException">They were zeroed already.</exception>
    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    public ReadOnlySpan<byte> Span
    {
        get
        {
            byte[]? bytes = _bytes;
            ObjectDisposedException.ThrowIf(bytes is null, this);
            return bytes.AsSpan(0, Length);
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

    /// <summary>
    /// <paramref name="length"/> zero bytes to be written in place through <paramref name="destination"/>, so that no second copy exists.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    public static SecretBytes Allocate(int length, out Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        byte[] rented = PinnedPool.Shared.Rent(length);
        destination = rented.AsSpan(0, length);
        return new SecretBytes(rented, length);
    }

    /// <summary>
    /// Zeroes the bytes. Only the first call does something, also when several come at once: their memory is given back once.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _bytes, null) is { } rented)
            PinnedPool.Shared.Return(rented);
    }

    /// <summary>The length, never the bytes.</summary>
    public override string ToString() => $"SecretBytes({Length})";
}
