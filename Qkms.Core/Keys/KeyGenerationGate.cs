namespace Qkms.Core.Keys;

/// <summary>Keeps heavy work from starving light requests: at most cores − 1 key generations at once, and a bounded number waiting.</summary>
public sealed class KeyGenerationGate
{
    private readonly BoundedGate _gate = new(
        Environment.ProcessorCount - 1,
        maxWaiting: 256,
        "Too many keys are being generated right now; nothing was changed. Try again.");

    /// <summary>Runs <paramref name="work"/> on a pool thread when a slot is free.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when none gets free in time.</exception>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        using BoundedGate.Pass pass = await _gate.EnterAsync(cancellationToken);
        return await Task.Run(work, cancellationToken);
    }
}
