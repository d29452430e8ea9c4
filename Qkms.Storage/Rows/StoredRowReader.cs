using Qkms.Core.Algorithms;

namespace Qkms.Storage.Rows;

/// <summary>
/// Turns the columns of one sealed row back into values. A column that we cannot have written marks the row as damaged: the
/// row still comes out, with a seal that never holds, so that a damaged row is reported as such and hides no other of its list.
/// </summary>
internal sealed class StoredRowReader
{
    private static readonly long _earliest = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long _latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
    private static readonly long _longest = (long)TimeSpan.MaxValue.TotalMilliseconds;

    private bool _damaged;

    /// <summary>Whether a column was met that we cannot have written.</summary>
    public bool IsDamaged => _damaged;

    /// <summary>An id of 16 bytes.</summary>
    public Guid Id(byte[] column) => column.Length == 16 ? new Guid(column, bigEndian: true) : Damaged(Guid.Empty);

    /// <summary>The same, or null.</summary>
    public Guid? OptionalId(byte[]? column) => column is null ? null : Id(column);

    /// <summary>A number of 32 bits. SQLite keeps 64 in every column, and one bit too many must not hide the row's name.</summary>
    public int Number(long column) => column is >= int.MinValue and <= int.MaxValue ? (int)column : Damaged(0);

    /// <summary>A time in UTC milliseconds.</summary>
    public DateTimeOffset Time(long column) =>
        column >= _earliest && column <= _latest ? DateTimeOffset.FromUnixTimeMilliseconds(column) : Damaged(DateTimeOffset.UnixEpoch);

    /// <summary>The same, or null.</summary>
    public DateTimeOffset? OptionalTime(long? column) => column is { } value ? Time(value) : null;

    /// <summary>A period in milliseconds, or null.</summary>
    public TimeSpan? OptionalPeriod(long? column) => column switch
    {
        null => null,
        >= 0 when column <= _longest => TimeSpan.FromTicks(column.Value * TimeSpan.TicksPerMillisecond),
        _ => Damaged(TimeSpan.Zero),
    };

    /// <summary>An algorithm by its canonical name.</summary>
    public KeyAlgorithm Algorithm(string column) =>
        KeyAlgorithm.TryParseName(column, out KeyAlgorithm? algorithm) ? algorithm : Damaged(KeyAlgorithm.All[0]);

    /// <summary>The row with its seal, or with none that holds.</summary>
    /// <param name="row">The row.</param>
    /// <param name="seal">The column <c>seal</c>.</param>
    /// <param name="sealKeyId">The column <c>seal_key_id</c>.</param>
    public Sealed<T> Seal<T>(T row, byte[] seal, byte[]? sealKeyId)
        where T : class, ISealedRow =>
        new(row, _damaged ? [] : StoredSeal.Join(seal, sealKeyId));

    /// <summary>Something wrapped, or what opens nowhere.</summary>
    public byte[] Wrapped(byte[] column) => _damaged ? [] : column;

    private T Damaged<T>(T placeholder)
    {
        _damaged = true;
        return placeholder;
    }
}
