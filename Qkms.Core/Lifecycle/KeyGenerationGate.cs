using System.Diagnostics;
using Qkms.Core.Algorithms;
using Qkms.Core.Gates;
using Qkms.Core.Telemetry;

namespace Qkms.Core.Lifecycle;

/// <summary>
/// Keeps heavy work from starving light requests: keys are made at most cores − 1 at once, and a bounded number waits. RSA above all, whose
/// primes take from 0.1 s to several seconds to find. Keys that take less time than the rest of their request do not wait.
/// </summary>
internal sealed class KeyGenerationGate
{
    private readonly BoundedGate _gate = new(
        Environment.ProcessorCount - 1,
        maxWaiting: 256,
        "Too many keys are being generated right now; nothing was changed. Try again.");

    /// <summary>Runs <paramref name="work"/> when a slot is free, or at once.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when none gets free in time.</exception>
    public async Task<T> RunAsync<T>(KeyAlgorithm algorithm, Func<T> work, CancellationToken cancellationToken)
    {
        using Activity? span = KmsActivities.Start(KmsActivities.GenerateMaterial);
        span?.SetTag(KmsMeter.AlgorithmLabel, algorithm.Name);
        if (algorithm.Family.GeneratesAtOnce)
            return work();

        using BoundedGate.Pass pass = await _gate.EnterAsync(cancellationToken);
        return await Task.Run(work, cancellationToken);
    }
}
