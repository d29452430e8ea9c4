using System.Security.Cryptography;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>
/// Puts the seal on rows and checks it: format 2 ‖ id of a row-seal key (16, big-endian) ‖ HMAC-SHA-256 (RFC 2104) under that key over
/// format, id, the table's word and every column. Each key of the keyring is accepted, and the newest seals.
/// </summary>
internal sealed class RowSealer(Keyring keyring)
{
    /// <summary>Length of a seal, in bytes.</summary>
    public const int SealSize = 1 + KeyIdSize + HMACSHA256.HashSizeInBytes;

    private const byte Format = 2;
    private const int KeyIdSize = 16;

    /// <summary>The row with its seal, ready to be stored.</summary>
    public Sealed<T> Seal<T>(T row)
        where T : class, ISealedRow => Seal(keyring.RowSealKey, row);

    /// <summary>The row, if its seal holds.</summary>
    /// <exception cref="SealBrokenException">The row was changed, moved or damaged.</exception>
    public T Open<T>(Sealed<T> stored)
        where T : class, ISealedRow => TryOpen(stored) ?? throw new SealBrokenException(stored.UnverifiedRow.LogName);

    /// <summary>The row, or null when its seal does not hold: for lists, where one broken row must not hide the others.</summary>
    public T? TryOpen<T>(Sealed<T> stored)
        where T : class, ISealedRow
    {
        if (stored.Seal is not [Format, .. { Length: SealSize - 1 }] || KeyOf(stored.Seal) is not { } key)
            return null;

        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Compute(key, stored.UnverifiedRow, expected);
        return CryptographicOperations.FixedTimeEquals(stored.Seal.AsSpan(1 + KeyIdSize), expected) ? stored.UnverifiedRow : null;
    }

    /// <summary>Whether two rows say the same in every column that is sealed; no seal is looked at.</summary>
    public static bool SayTheSame<T>(T left, T right)
        where T : class, ISealedRow => ColumnsOf(left).Written.SequenceEqual(ColumnsOf(right).Written);

    /// <summary>The row with a seal under a key that is not in the keyring yet.</summary>
    internal static Sealed<T> Seal<T>(WrappingKey key, T row)
        where T : class, ISealedRow
    {
        byte[] seal = new byte[SealSize];
        seal[0] = Format;
        key.Id.TryWriteBytes(seal.AsSpan(1, KeyIdSize), bigEndian: true, out _);
        Compute(key, row, seal.AsSpan(1 + KeyIdSize));
        return new Sealed<T>(row, seal);
    }

    private WrappingKey? KeyOf(byte[] seal)
    {
        Guid id = new(seal.AsSpan(1, KeyIdSize), bigEndian: true);
        return keyring.FindRowSealKey(id);
    }

    private static void Compute<T>(WrappingKey key, T row, Span<byte> mac)
        where T : class, ISealedRow
    {
        CanonicalWriter writer = new(Format);
        writer.Add(key.Id).Add(T.SealKind);
        row.WriteSealedColumns(writer);
        HMACSHA256.HashData(key.Secret.Span, writer.Written, mac);
    }

    private static CanonicalWriter ColumnsOf<T>(T row)
        where T : class, ISealedRow
    {
        CanonicalWriter writer = new(Format);
        row.WriteSealedColumns(writer);
        return writer;
    }
}
