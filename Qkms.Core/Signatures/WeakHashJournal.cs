using System.Collections.Concurrent;
using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Journal;
using Qkms.Core.Keys;
using Qkms.Core.Store;

namespace Qkms.Core.Signatures;

/// <summary>
/// Records that a key signed a hash weaker than itself: once a day for each key version, hash function and API key, and node, so that an
/// auditor finds out who does it, and the journal does not grow with every signature.
/// </summary>
internal sealed class WeakHashJournal(IKmsStore store, JournalWriter journal, IdGenerator ids, TimeProvider time)
{
    // So many pairs of a key and an API key do not meet in a day; if they ever do, some are recorded again.
    private const int MostRemembered = 10_000;

    private static readonly TimeSpan _period = TimeSpan.FromDays(1);

    // When each was recorded, by the monotonic clock.
    private readonly ConcurrentDictionary<(KeyVersionId, SignatureHash, CredentialId), long> _recorded = new();

    /// <summary>Records it, unless that was done within the last day; before the signature leaves.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>: the journal cannot be written.</exception>
    public async ValueTask RecordAsync(Caller caller, KeyVersion version, SignatureHash function, string weakness)
    {
        (KeyVersionId, SignatureHash, CredentialId) what = (version.Id, function, caller.CredentialId);
        if (_recorded.TryGetValue(what, out long at) && time.GetElapsedTime(at) < _period)
            return;

        JournalEvent entry = KeyEvents.About(
            ids.Next(), time.GetUtcMilliseconds(), JournalActor.Of(caller), JournalActions.WeakHashSigned, version, version, weakness);
        await store.WriteAsync(
            async session =>
            {
                await journal.AppendAsync(session, entry);
                return true;
            },
            CancellationToken.None);

        if (_recorded.Count >= MostRemembered)
            _recorded.Clear();

        _recorded[what] = time.GetTimestamp();
    }
}
