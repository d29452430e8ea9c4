using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;
using Qkms.Core.Names;
using Qkms.Core.Store;
using Qkms.Core.Time;

namespace Qkms.Benchmarks.Writes;

/// <summary>One measurement: keys per second, and the latencies in milliseconds.</summary>
internal sealed record WritesResult(double PerSecond, double Median, double Percentile99);

/// <summary>Generates keys as the service does, down to rows, seals and journal, but for HTTP and the making of the pair.</summary>
internal sealed class KeyMaker : IDisposable
{
    private static int _made;

    private readonly ServiceProvider _services;
    private readonly KeyLifecycle _lifecycle;
    private readonly Caller _caller;

    private KeyMaker(ServiceProvider services, Caller caller) =>
        (_services, _lifecycle, _caller) = (services, services.GetRequiredService<KeyLifecycle>(), caller);

    /// <summary>On a store that is open; <paramref name="directory"/> has the root key, or gets one.</summary>
    internal static async Task<KeyMaker> OpenAsync(IKmsStore store, string directory, PremadeKeys engine)
    {
        ServiceProvider services = await InProcess.OpenAsync(store, directory, engine);

        // Each run makes its own tenant: the first one's API key is in nobody's hand.
        Guid run = services.GetRequiredService<IdGenerator>().Next();
        return new KeyMaker(services, await InProcess.AddTenantAsync(services, $"writes-{run:N}"));
    }

    /// <summary>Has callers generate keys under names of their own for some time.</summary>
    internal async Task<WritesResult> RunAsync(int callers, TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        List<double>[] latencies = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(() => GenerateAsync(start, time))));
        double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double[] sorted = [.. latencies.SelectMany(one => one).Order()];
        return new WritesResult(sorted.Length / elapsed, sorted[sorted.Length / 2], sorted[(int)(sorted.Length * 0.99)]);
    }

    public void Dispose() => _services.Dispose();

    private async Task<List<double>> GenerateAsync(long start, TimeSpan time)
    {
        List<double> latencies = [];
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            KeyName name = KeyName.FromStored($"key-{Interlocked.Increment(ref _made)}");
            KeySelector key = new(KeyAlgorithm.MLKem768, name, KeyUse.Encryption);
            long before = Stopwatch.GetTimestamp();
            GenerateKeyCommand command = new(key, KeyAlgorithm.MLKem768.Name, Kid: null, OaepHash: null, KeyLimitChanges.None);
            await _lifecycle.GenerateAsync(_caller, command, request: null, CancellationToken.None);
            latencies.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        }

        return latencies;
    }
}
