namespace Qkms.Core.Time;

/// <summary>Time as Qkms keeps it.</summary>
internal static class Clock
{
    /// <summary>Now in UTC, cut to the millisecond: what is answered is what is stored.</summary>
    public static DateTimeOffset GetUtcMilliseconds(this TimeProvider time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
}
