using System.Buffers.Binary;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// Looks at the header of the write-ahead log before SQLite does (https://sqlite.org/fileformat2.html#walformat). A log whose header is
/// damaged is for SQLite no log at all: it would go on without a word, and without what was committed last.
/// </summary>
internal static class WriteAheadLog
{
    private const int HeaderSize = 32;
    private const int ChecksummedSize = 24;
    private const int FrameHeaderSize = 24;
    private const int SmallestPage = 512;
    private const uint Magic = 0x377F0682;

    /// <summary>Refuses a log that holds frames behind a header that SQLite cannot have written.</summary>
    /// <exception cref="StoreUnusableException">It is damaged.</exception>
    public static void RefuseDamaged(string databasePath)
    {
        string path = databasePath + "-wal";
        if (!File.Exists(path))
            return;

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = stackalloc byte[HeaderSize];

        // The header is on disk before the first frame is written: a crash leaves a torn one only in a log without a whole frame.
        if (file.Length < HeaderSize + FrameHeaderSize + SmallestPage
            || file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize)
            return;

        if (!IsWhole(header))
            throw new StoreUnusableException(
                $"The write-ahead log '{path}' is damaged: the newest changes were in it and cannot be read. Restore the database from a "
                + $"backup, or move that file away to continue with the older state in '{databasePath}'.");
    }

    private static bool IsWhole(ReadOnlySpan<byte> header)
    {
        // The lowest bit of the magic number tells the byte order of the checksum.
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        if ((magic & ~1U) != Magic)
            return false;

        (uint first, uint second) = (0, 0);
        for (int i = 0; i < ChecksummedSize; i += 8)
        {
            first += Word(header[i..], magic) + second;
            second += Word(header[(i + 4)..], magic) + first;
        }

        return first == BinaryPrimitives.ReadUInt32BigEndian(header[24..]) && second == BinaryPrimitives.ReadUInt32BigEndian(header[28..]);
    }

    private static uint Word(ReadOnlySpan<byte> bytes, uint magic) =>
        (magic & 1) != 0 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
