namespace Qkms.Api.Http;

/// <summary>Counts the requests in flight, so that a stop can say whether it cut any off.</summary>
internal sealed class RequestsUnderWay(IHostApplicationLifetime lifetime)
{
    private readonly CancellationToken _stopping = lifetime.ApplicationStopping;
    private int _underWay;
    private int _aborted;

    /// <summary>
    /// Requests that got no response because the service stops: their connection was closed, or they still run for nobody.
    /// </summary>
    public int CutOff => Volatile.Read(ref _aborted) + Volatile.Read(ref _underWay);

    public void Enter() => Interlocked.Increment(ref _underWay);

    public void Leave(HttpContext context)
    {
        if (_stopping.IsCancellationRequested && context.RequestAborted.IsCancellationRequested)
            Interlocked.Increment(ref _aborted);

        Interlocked.Decrement(ref _underWay);
    }
}
