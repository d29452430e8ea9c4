using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.BouncyCastle;

/// <summary>Lengths as the platform's keys refuse them, and copies that do not stay behind.</summary>
internal static class Bytes
{
    internal static void RequireLength(ReadOnlySpan<byte> source, int length)
    {
        if (source.Length != length)
            throw new ArgumentException($"The key has {source.Length} bytes where the algorithm has {length}.", nameof(source));
    }

    internal static void RequireContentLength(ReadOnlySpan<byte> content, int length)
    {
        if (content.Length != length)
            throw new CryptographicException($"The key in the structure has {content.Length} bytes where the algorithm has {length}.");
    }

    /// <summary>A copy that the garbage collector does not copy again: expanding a key allocates enough to bring it in.</summary>
    internal static byte[] Pinned(ReadOnlySpan<byte> secret)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(secret.Length, pinned: true);
        secret.CopyTo(copy);
        return copy;
    }

    /// <summary>
    /// Hands a copy of a secret to a method of BouncyCastle that copies it again, and zeroes the one made here. Not every method
    /// does: some keep the array.
    /// </summary>
    internal static T Lend<T>(ReadOnlySpan<byte> secret, Func<byte[], T> use)
    {
        byte[] copy = Pinned(secret);
        try
        {
            return use(copy);
        }
        finally
        {
            Erase.Memory(copy.AsSpan());
        }
    }

    /// <summary>Takes a secret from an array that BouncyCastle made for its caller.</summary>
    internal static void Move(byte[] secret, Span<byte> destination)
    {
        secret.CopyTo(destination);
        Erase.Memory(secret.AsSpan());
    }

    /// <summary>Whether an array that BouncyCastle made for its caller holds these bytes.</summary>
    internal static bool Equal(byte[] secret, ReadOnlySpan<byte> expected)
    {
        bool equal = CryptographicOperations.FixedTimeEquals(secret, expected);
        Erase.Memory(secret.AsSpan());
        return equal;
    }
}
