using Qkms.Core.Gates;

namespace Qkms.Api.Http;

/// <summary>
/// Bounds the memory that requests under way take because of their bodies. Short bodies have a share of their own, so that payloads never
/// keep out a revocation.
/// </summary>
internal sealed class BodyMemory
{
    /// <summary>
    /// What a request takes at its peak for each byte of its body: the body as it came, its base64 put together and decoded, the result,
    /// the answer in base64, twice while its buffer grows, and the copy that the server sends.
    /// </summary>
    public const int BytesPerByte = 8;

    private const int MaxWaiting = 4096;
    private const string Busy = "Too many bodies are being read right now; nothing was done. Try again.";

    private readonly ByteGate _short;
    private readonly ByteGate _long;

    public BodyMemory(HttpLimits limits)
    {
        long bytes = limits.BytesOfBodies;
        _short = new ByteGate(bytes / 4, MaxWaiting, Busy);
        _long = new ByteGate(bytes - (bytes / 4), MaxWaiting, Busy);
    }

    /// <summary>What is taken now, in bytes.</summary>
    public long Taken => _short.Taken + _long.Taken;

    /// <summary>Takes the memory for a request with a body of this length, until the pass is disposed of.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/> when it does not get free in time.</exception>
    public ValueTask<ByteGate.Pass> EnterAsync(long length, CancellationToken cancellationToken) =>
        (length <= BodyLimit.Usual.Bytes ? _short : _long).EnterAsync(length * BytesPerByte, cancellationToken);
}
