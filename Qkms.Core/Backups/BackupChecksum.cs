using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Qkms.Core.Backups;

/// <summary>
/// SHA-256 of the whole file but its last 64 bytes, which are that hash in hexadecimal digits. They end the comment of the ZIP archive,
/// which ends the file, so that other programs read it too. A cut file and any flipped byte are seen before a byte is interpreted.
/// </summary>
internal static class BackupChecksum
{
    private const string Label = "qkms-backup sha256 ";
    private const int HexLength = 64;

    /// <summary>The comment for the archive, whose end <see cref="Write"/> writes over.</summary>
    public static string Placeholder { get; } = Label + new string('0', HexLength);

    /// <summary>Puts the checksum at the end of a file that was written completely.</summary>
    /// <param name="file">The file, to be read and written.</param>
    public static void Write(FileStream file)
    {
        byte[] checksum = Compute(file);
        file.Position = file.Length - HexLength;
        file.Write(checksum);
    }

    /// <summary>Whether the file is as it was written.</summary>
    public static bool Holds(FileStream file)
    {
        if (file.Length < Placeholder.Length)
            return false;

        byte[] expected = Compute(file);
        byte[] found = new byte[HexLength];
        file.Position = file.Length - HexLength;
        file.ReadExactly(found);
        return found.AsSpan().SequenceEqual(expected);
    }

    private static byte[] Compute(FileStream file)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        file.Position = 0;
        for (long left = file.Length - HexLength; left > 0;)
        {
            int read = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
                throw new EndOfStreamException();

            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
