namespace Qkms.Storage.Postgres;

/// <summary>
/// A wall clock that nobody can set: it starts at the epoch and follows the monotonic clock. Polly asks the wall clock when a
/// circuit may close again, and a clock set back by a day would keep it open for a day.
/// </summary>
internal sealed class MonotonicTime : TimeProvider
{
    private readonly long _start = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + System.GetElapsedTime(_start);
}
