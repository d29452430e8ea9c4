using Qkms.Core.Sealing;

namespace Qkms.Core.Idempotency;

/// <summary>The bytes in which a result is kept: the format of the record, then the parts of the result in the canonical form.</summary>
internal static class ResultRecord
{
    /// <summary>
    /// The first format in which a version has labels and says how its key rotates. Records of the one before live for a day.
    /// </summary>
    public const byte FormatWithLimits = 2;

    private const byte Format = FormatWithLimits;

    public static byte[] Write<T>(T result)
        where T : IKeepable<T>
    {
        CanonicalWriter record = new(Format);
        result.WriteTo(record);
        return record.Written.ToArray();
    }

    /// <exception cref="InvalidOperationException">A newer version of Qkms wrote it.</exception>
    /// <exception cref="InvalidDataException">It is the record of something else.</exception>
    public static T Read<T>(ReadOnlySpan<byte> bytes)
        where T : IKeepable<T>
    {
        CanonicalReader record = new(bytes);
        if (record.Format is 0 or > Format)
            throw new InvalidOperationException($"A kept result has the format {record.Format}, which this version of Qkms does not know.");

        T result = T.ReadFrom(ref record);
        record.End();
        return result;
    }
}
