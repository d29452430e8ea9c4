using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading.RateLimiting;
using Qkms.Core.Tenants;

namespace Qkms.Api.Http;

/// <summary>
/// How many requests without a valid API key an address may send: beyond that the answer is 429. It never counts those whose API key is
/// valid, nor refuses them. Addresses fall into a fixed number of buckets by a keyed hash, so that memory has a bound and nobody can look
/// for one who shares his bucket.
/// </summary>
internal sealed class FailedLogins : IDisposable
{
    private const int Buckets = 16_384;

    // What one site gets: whoever has one IPv6 address has 2^64 of them.
    private const int Ipv6Prefix = 8;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private readonly TokenBucket _bucket;
    private readonly PartitionedRateLimiter<int>? _limiter;

    public FailedLogins(RateLimitOptions options)
    {
        _bucket = new TokenBucket(options.FailuresPerSecond, options.FailureBurst);
        if (options.FailuresPerSecond > 0)
        {
            _limiter = PartitionedRateLimiter.Create<int, int>(bucket =>
                RateLimitPartition.GetTokenBucketLimiter(bucket, _ => _bucket.ToOptions()));
        }
    }

    /// <summary>Counts a request without a valid API key.</summary>
    /// <param name="address">Where it came from; null, as behind a socket file, is not limited.</param>
    /// <returns><see cref="KmsErrors.TooManyRequests"/> when there were too many, else null. Not thrown: that would cost more than the
    /// answer saves.</returns>
    public KmsException? Count(IPAddress? address)
    {
        if (_limiter is null || address is null)
            return null;

        using RateLimitLease lease = _limiter.AttemptAcquire(BucketOf(address));
        if (lease.IsAcquired)
            return null;

        RateLimitMetrics.Count(RateLimitScope.Address);
        return KmsErrors.TooManyRequests
            .With("Too many requests without a valid API key came from this address. Retry after the time in Retry-After.")
            .After(_bucket.TimeFor(1));
    }

    public void Dispose() => _limiter?.Dispose();

    private int BucketOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        IPAddress own = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        _ = own.TryWriteBytes(bytes, out int length);
        ReadOnlySpan<byte> site = bytes[..(own.AddressFamily == AddressFamily.InterNetworkV6 ? Ipv6Prefix : length)];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, site, hash);
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(hash) % Buckets);
    }
}
