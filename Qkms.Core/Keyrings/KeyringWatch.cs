using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>
/// Has this node take up the keys that another one, or a command on a host, has added to the keyring of a shared database. A new key opens
/// what others did with it at once; this node does new work with it some seconds later, when the others have it too. Whatever is met before
/// that, because a node stood still, is looked for when it is met.
/// </summary>
internal sealed class KeyringWatch(
    IKmsStore store, IKeyringRepository keyrings, Keyring keyring, TimeProvider time, ILogger<KeyringWatch> logger)
{
    private const int MostUnknown = 1000;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    // Ids that somebody planted are asked for once a minute, and all together ten times a second.
    private static readonly TimeSpan _unknownFor = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _betweenLooks = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Guid, long> _seen = new();
    private readonly Dictionary<Guid, long> _unknown = [];
    private readonly Lock _learning = new();
    private readonly ConcurrentDictionary<Guid, byte> _told = new();
    private long? _lastLook;

    /// <summary>How often to look.</summary>
    public static TimeSpan Interval => FreshnessLimit.MaxAge;

    /// <summary>How long a key is known here before new work is done with it: ten looks of every other node.</summary>
    public static TimeSpan Delay => TimeSpan.FromSeconds(5);

    /// <summary>How many ids were looked for because they were met.</summary>
    internal int Looks { get; private set; }

    /// <summary>Has the keyring ask here for keys that it does not have.</summary>
    public void Begin() => keyring.Learn = TryLearn;

    /// <summary>Takes up what is new, and begins to use what has waited.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>.</exception>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<KeyringEntry> entries = await store.ReadAsync(keyrings.ListSystemKeysAsync, cancellationToken);
        foreach (KeyringEntry broken in keyring.TakeUp(entries))
        {
            if (_told.Count < MostUnknown && _told.TryAdd(broken.Id, 0))
                ProtectionLog.KeyNotTakenUp(logger, broken.Id);
        }

        foreach (Guid id in keyring.Waiting)
        {
            if (!_seen.TryGetValue(id, out long since))
                _seen[id] = time.GetTimestamp();
            else if (time.GetElapsedTime(since) >= Delay)
            {
                keyring.BeginToUse(id);
                ProtectionLog.KeyTakenUp(logger, id);
            }
        }
    }

    // On the thread of whoever checks a seal: there is nothing to await in the middle of that, and it happens to a node that stood still
    // for longer than it takes the others to begin with a key.
    private bool TryLearn(Guid id)
    {
        lock (_learning)
        {
            if (keyring.Knows(id))
                return true;

            if ((_unknown.TryGetValue(id, out long missed) && time.GetElapsedTime(missed) < _unknownFor)
                || (_lastLook is { } last && time.GetElapsedTime(last) < _betweenLooks))
                return false;

            (_lastLook, Looks) = (time.GetTimestamp(), Looks + 1);
            try
            {
                using CancellationTokenSource limit = new(_patience);
                Task.Run(() => LookAsync(limit.Token), limit.Token).GetAwaiter().GetResult();
            }
            catch (Exception e) when (e is KmsException or OperationCanceledException)
            {
                // The database is away: who asks is about to find that out.
                return false;
            }

            if (keyring.Knows(id))
                return true;

            if (_unknown.Count >= MostUnknown)
                _unknown.Clear();

            _unknown[id] = time.GetTimestamp();
            return false;
        }
    }
}
