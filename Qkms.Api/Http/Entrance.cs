namespace Qkms.Api.Http;

/// <summary>Holds requests back from the moment that the server listens until it is certain that it may: for milliseconds.</summary>
internal sealed class Entrance
{
    private readonly TaskCompletionSource<bool> _decision = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether requests are let in; completes when that is decided.</summary>
    public Task<bool> Decision => _decision.Task;

    /// <summary>Lets requests in, from now on.</summary>
    public void Open() => _decision.TrySetResult(true);

    /// <summary>The service must not serve: nobody is let in.</summary>
    public void Close() => _decision.TrySetResult(false);
}
