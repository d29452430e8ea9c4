namespace Qkms.Core.Time;

/// <summary>One read, under way or done.</summary>
/// <param name="begunAt">The monotonic clock before the read began: what it found is at least that new.</param>
internal sealed class FreshEntry<TValue>(long begunAt)
    where TValue : class
{
    // Those who wait go on elsewhere, not on the thread of the one who read.
    private readonly TaskCompletionSource<TValue?> _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TValue? _value;

    public long BegunAt { get; } = begunAt;

    /// <summary>What was found; null while the read is under way.</summary>
    public TValue? Value => _value;

    public Task<TValue?> Read => _read.Task;

    public void Fill(TValue? value)
    {
        _value = value;
        _read.SetResult(value);
    }

    public void Fail(Exception exception)
    {
        _read.SetException(exception);

        // Looked at, so that it is not reported as overlooked when the one who waited has given up.
        _ = _read.Task.Exception;
    }
}
