namespace Qkms.Benchmarks.Load;

/// <summary>One operation, by the bare server and by the service.</summary>
/// <param name="Name">How it is chosen.</param>
/// <param name="Share">The share of the bare server's requests per second that the service is to reach, or null when it
/// is only reported.</param>
/// <param name="OnBare">Makes what the operation needs on the bare server, and its request.</param>
/// <param name="OnService">The same on the service.</param>
internal sealed record LoadCase(
    string Name, double? Share, Func<ServerUnderLoad, Task<LoadRequest>> OnBare, Func<ServerUnderLoad, Task<LoadRequest>> OnService)
{
    /// <summary>The same on another server of AWS's protocol; null where it has no such operation.</summary>
    internal Func<ServerUnderLoad, Task<LoadRequest>>? OnPeer { get; init; }
}
