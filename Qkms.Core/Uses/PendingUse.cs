using Qkms.Core.Algorithms;
using Qkms.Core.Journal;
using Qkms.Core.Keys;

namespace Qkms.Core.Uses;

/// <summary>A use that waits to be counted and journalled.</summary>
/// <param name="actor">Who used the version.</param>
/// <param name="version">The version as it was when it was used.</param>
/// <param name="operation">What was done.</param>
/// <param name="count">How often.</param>
internal sealed class PendingUse(JournalActor actor, KeyVersion version, KeyOperation operation, int count)
{
    // What waits for it goes on at once, on the thread that tells it.
    private readonly TaskCompletionSource<CountedUses> _done = new();

    public JournalActor Actor => actor;

    public KeyVersion Version => version;

    public KeyOperation Operation => operation;

    public int Count => count;

    public Task<CountedUses> Task => _done.Task;

    /// <summary>Tells what became of it.</summary>
    public void Complete(CountedUses counted)
    {
        if (counted.Granted > 0)
            _done.SetResult(counted);
        else
            Refuse(counted.Refusal!.With($"{counted.Refusal.Message} (kid '{version.Kid}')"));
    }

    /// <summary>Tells why it is not counted.</summary>
    public void Refuse(Exception exception) => _done.SetException(exception);
}
