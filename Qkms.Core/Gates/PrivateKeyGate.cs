namespace Qkms.Core.Gates;

/// <summary>
/// Keeps private-key work from starving light requests: at most one operation per core at once, each of at most some milliseconds,
/// so that between two of them whatever else waits for a thread gets one.
/// </summary>
internal sealed class PrivateKeyGate
{
    private readonly BoundedGate _gate = new(
        Environment.ProcessorCount,
        maxWaiting: 4096,
        "Too many private-key operations wait right now; nothing was done. Try again.");

    /// <summary>Runs <paramref name="work"/> when a slot is free; at once and on this thread when one is.</summary>
    /// <param name="state">What <paramref name="work"/> gets.</param>
    /// <param name="work">Neither waits for anything nor enters the gate again.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when none gets free in time.</exception>
    public async ValueTask<T> RunAsync<TState, T>(TState state, Func<TState, T> work, CancellationToken cancellationToken)
    {
        using BoundedGate.Pass pass = await _gate.EnterAsync(cancellationToken);
        return work(state);
    }
}
