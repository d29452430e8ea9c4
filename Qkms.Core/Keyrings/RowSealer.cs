using System.Security.Cryptography;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>
/// Puts the seal on rows and checks it: HMAC-SHA-256 (RFC 2104) under the keyring's row-seal key over the table's word and every
/// column that decides something. Stored as format 1 ‖ 32 bytes.
/// </summary>
internal sealed class RowSealer(Keyring keyring)
{
    private const byte Format = 1;

    /// <summary>The row with its seal, ready to be stored.</summary>
    public Sealed<T> Seal<T>(T row)
        where T : class, ISealedRow
    {
        byte[] seal = new byte[1 + HMACSHA256.HashSizeInBytes];
        seal[0] = Format;
        Compute(row, seal.AsSpan(1));
        return new Sealed<T>(row, seal);
    }

    /// <summary>The row, if its seal holds.</summary>
    /// <exception cref="SealBrokenException">The row was changed, moved or damaged.</exception>
    public T Open<T>(Sealed<T> stored)
        where T : class, ISealedRow => TryOpen(stored) ?? throw new SealBrokenException(stored.UnverifiedRow.LogName);

    /// <summary>The row, or null when its seal does not hold: for lists, where one broken row must not hide the others.</summary>
    public T? TryOpen<T>(Sealed<T> stored)
        where T : class, ISealedRow
    {
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Compute(stored.UnverifiedRow, expected);
        return stored.Seal is [Format, .. byte[] mac] && CryptographicOperations.FixedTimeEquals(mac, expected)
            ? stored.UnverifiedRow
            : null;
    }

    private void Compute<T>(T row, Span<byte> mac)
        where T : class, ISealedRow
    {
        CanonicalWriter writer = new(Format);
        writer.Add(T.SealKind);
        row.WriteSealedColumns(writer);
        HMACSHA256.HashData(keyring.RowSealKey.Secret.Span, writer.Written, mac);
    }
}
