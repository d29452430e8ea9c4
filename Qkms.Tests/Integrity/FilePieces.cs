using System.Buffers.Binary;

namespace Qkms.Tests.Integrity;

/// <summary>Looks for wrapped keys in the files of a SQLite database, piece by piece and at every offset.</summary>
internal static class FilePieces
{
    private const int Size = 16;

    // Format, purpose and wrapping key's id begin every wrapped key of a tenant.
    private const int HeaderSize = 18;

    /// <summary>The files hold every piece of every key.</summary>
    public static void ShouldHoldEveryPieceOf(string directory, IEnumerable<byte[]> keys)
    {
        HashSet<UInt128> held = OfFiles(directory);
        keys.SelectMany(Of).Should().OnlyContain(piece => held.Contains(piece));
    }

    /// <summary>The files hold no piece of any key.</summary>
    public static void ShouldHoldNoPieceOf(string directory, IEnumerable<byte[]> keys)
    {
        HashSet<UInt128> held = OfFiles(directory);
        keys.SelectMany(Of).Should().NotContain(piece => held.Contains(piece));
    }

    /// <summary>A file that the service has open.</summary>
    public static byte[] ReadShared(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    // At every offset, once, so that many keys can be looked for.
    private static HashSet<UInt128> OfFiles(string directory)
    {
        HashSet<UInt128> pieces = [];
        foreach (byte[] file in Directory.GetFiles(directory, "qkms.db*").Select(ReadShared))
        {
            for (int i = 0; i + Size <= file.Length; i++)
                pieces.Add(BinaryPrimitives.ReadUInt128BigEndian(file.AsSpan(i)));
        }

        return pieces;
    }

    private static IEnumerable<UInt128> Of(byte[] wrapped)
    {
        for (int i = HeaderSize; i + Size <= wrapped.Length; i += Size)
            yield return BinaryPrimitives.ReadUInt128BigEndian(wrapped.AsSpan(i));
    }
}
