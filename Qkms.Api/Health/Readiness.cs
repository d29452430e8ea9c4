using Qkms.Core.Store;
using Qkms.Core.Tenants;
using Qkms.Core.Time;

namespace Qkms.Api.Health;

/// <summary>
/// Whether the database answers. Everybody may ask, so all who ask share one look, at most every <see cref="FreshnessLimit.MaxAge"/>, on a
/// connection that no call of a tenant uses.
/// </summary>
internal sealed class Readiness(IKmsStore store, ITenantRepository tenants, ReadinessLimits limits, TimeProvider time)
{
    private readonly Lock _looking = new();
    private Task _look = Task.CompletedTask;
    private long? _begunAt;

    /// <summary>Completes when the service can handle requests.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>: it cannot.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        Task look = NewestLook();
        try
        {
            await look.WaitAsync(limits.Patience, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw KmsErrors.Unavailable.With("The database does not answer.");
        }
    }

    // A look that takes longer than its age is not joined by a second one.
    private Task NewestLook()
    {
        lock (_looking)
        {
            if (!_look.IsCompleted || (_begunAt is { } begunAt && time.GetElapsedTime(begunAt) < FreshnessLimit.MaxAge))
                return _look;

            _begunAt = time.GetTimestamp();
            _look = Task.Run(LookAsync);

            // Seen, so that a failure which nobody waits for any longer is not reported as overlooked.
            _ = _look.ContinueWith(static look => look.Exception, TaskScheduler.Default);
            return _look;
        }
    }

    // Not cancelled with a request: the others share it.
    private async Task LookAsync()
    {
        if (!await store.ReadAsideAsync(session => tenants.AnyAsync(session), CancellationToken.None))
            throw KmsErrors.Unavailable.With("The service is starting.");
    }
}
