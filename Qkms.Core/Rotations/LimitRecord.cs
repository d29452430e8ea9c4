using Qkms.Core.Keys;
using Qkms.Core.Sealing;

namespace Qkms.Core.Rotations;

/// <summary>
/// What a rotation that is still to be done changes of the limits, as the job keeps it: a format byte, then of each member whether the
/// request had it, and its value.
/// </summary>
internal static class LimitRecord
{
    private const byte Format = 1;

    /// <summary>The bytes; null when nothing changes.</summary>
    public static byte[]? Write(KeyLimitChanges changes)
    {
        if (changes == KeyLimitChanges.None)
            return null;

        CanonicalWriter record = new(Format);
        Add(changes.SoftUsageLimit, value => value);
        Add(changes.MaxUsageLimit, value => value);
        Add(changes.SoftLimitExpiration, value => value.ToUnixTimeMilliseconds());
        Add(changes.ExpiresAt, value => value.ToUnixTimeMilliseconds());
        Add(changes.ProcessUntil, value => value.ToUnixTimeMilliseconds());
        Add(changes.AutoRotate, value => value ? 1 : 0);
        Add(changes.RotationPeriod, value => (long)value.TotalMilliseconds);
        return record.Written.ToArray();

        void Add<T>(Given<T> member, Func<T, long> toNumber)
            where T : struct => record.Add(member.IsGiven).Add(member.Value is { } value ? toNumber(value) : null);
    }

    /// <summary>The changes.</summary>
    /// <exception cref="InvalidOperationException">A newer version of Qkms wrote them.</exception>
    public static KeyLimitChanges Read(byte[]? bytes)
    {
        if (bytes is null)
            return KeyLimitChanges.None;

        CanonicalReader record = new(bytes);
        if (record.Format != Format)
            throw new InvalidOperationException($"A rotation job has limits of the format {record.Format}, which this Qkms does not know.");

        KeyLimitChanges changes = new()
        {
            SoftUsageLimit = Next(ref record, value => value),
            MaxUsageLimit = Next(ref record, value => value),
            SoftLimitExpiration = Next(ref record, DateTimeOffset.FromUnixTimeMilliseconds),
            ExpiresAt = Next(ref record, DateTimeOffset.FromUnixTimeMilliseconds),
            ProcessUntil = Next(ref record, DateTimeOffset.FromUnixTimeMilliseconds),
            AutoRotate = Next(ref record, value => value != 0),
            RotationPeriod = Next(ref record, value => TimeSpan.FromMilliseconds(value)),
        };
        record.End();
        return changes;

        static Given<T> Next<T>(ref CanonicalReader record, Func<long, T> fromNumber)
            where T : struct => new(record.ReadFlag(), record.ReadOptionalNumber() is { } number ? fromNumber(number) : null);
    }
}
