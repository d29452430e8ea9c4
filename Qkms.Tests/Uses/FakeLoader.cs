using System.Collections.Concurrent;
using Qkms.Core.Uses;

namespace Qkms.Tests.Uses;

/// <summary>Makes keys that count how often they end.</summary>
internal sealed class FakeLoader : IMaterialLoader
{
    private readonly ConcurrentQueue<FakeKey> _made = new();
    private TaskCompletionSource<IDisposable>? _held;
    private int _loads;

    public int Loads => Volatile.Read(ref _loads);

    public IReadOnlyList<FakeKey> Made => [.. _made];

    /// <summary>Lets loads take a moment, and every fifth fail.</summary>
    public bool YieldsAndFails { get; set; }

    /// <summary>The next load ends when the test says how.</summary>
    public TaskCompletionSource<IDisposable> Hold() =>
        _held = new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<IDisposable> LoadAsync(KeyVersion version)
    {
        int load = Interlocked.Increment(ref _loads);
        if (Interlocked.Exchange(ref _held, null) is { } held)
            return await held.Task;

        if (YieldsAndFails)
        {
            await Task.Yield();
            if (load % 5 == 0)
                throw new InvalidOperationException("It does not open.");
        }

        FakeKey key = new();
        _made.Enqueue(key);
        return key;
    }
}

/// <summary>A key that counts how often it ends.</summary>
internal sealed class FakeKey : IDisposable
{
    private int _disposals;

    public int Disposals => Volatile.Read(ref _disposals);

    public void Dispose() => Interlocked.Increment(ref _disposals);
}
