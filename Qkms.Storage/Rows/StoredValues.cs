namespace Qkms.Storage.Rows;

/// <summary>How ids and times stand in the database, on the way in.</summary>
internal static class StoredValues
{
    /// <summary>16 bytes, big-endian: byte order is the order of UUIDv7s, on every database.</summary>
    public static byte[] ToBytes(this Guid id) => id.ToByteArray(bigEndian: true);

    /// <summary>The same, or null.</summary>
    public static byte[]? ToBytes(this Guid? id) => id?.ToByteArray(bigEndian: true);

    /// <summary>UTC milliseconds.</summary>
    public static long ToStored(this DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    /// <summary>The same, or null.</summary>
    public static long? ToStored(this DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();

    /// <summary>The time of a column that is not sealed; null where it holds none.</summary>
    public static DateTimeOffset? ToTime(this long? column)
    {
        StoredRowReader read = new();
        DateTimeOffset? time = read.OptionalTime(column);
        return read.IsDamaged ? null : time;
    }
}
