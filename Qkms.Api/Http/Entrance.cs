namespace Qkms.Api.Http;

/// <summary>
/// Holds requests back from the moment that the server listens until it is certain that it may: for milliseconds, or, where the service
/// waits for shares of its root key, with a refusal.
/// </summary>
internal sealed class Entrance
{
    private readonly TaskCompletionSource<bool> _decision = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isSealed;

    /// <summary>Whether requests are let in; completes when that is decided.</summary>
    public Task<bool> Decision => _decision.Task;

    /// <summary>Whether the service waits for shares of its root key: requests are refused at once, because that may take hours.</summary>
    public bool IsSealed => _isSealed;

    /// <summary>Refuses requests until <see cref="Unseal"/>; whether they are let in is decided later.</summary>
    public void Seal() => _isSealed = true;

    /// <summary>Has requests wait again: for the moment that it takes to open the keys.</summary>
    public void Unseal() => _isSealed = false;

    /// <summary>Lets requests in, from now on.</summary>
    public void Open() => _decision.TrySetResult(true);

    /// <summary>The service must not serve: nobody is let in.</summary>
    public void Close() => _decision.TrySetResult(false);
}
