namespace Qkms.Core.Time;

/// <summary>Time as Qkms keeps it.</summary>
public static class Clock
{
    /// <summary>Now in UTC, cut to the millisecond: what is answered is what is stored.</summary>
    public static DateTimeOffset GetUtcMilliseconds(this TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
    }
}
