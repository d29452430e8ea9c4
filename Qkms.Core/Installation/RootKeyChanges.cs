using Qkms.Core.Journal;
using Qkms.Core.Keyrings;
using Qkms.Core.Store;

namespace Qkms.Core.Installation;

/// <summary>
/// Adds and removes root keys while nodes go on: the master key stays the same, and a node looks at its wrappings at its next start. Each
/// change is one unit with the next set and its event; of two at once, one waits for the other.
/// </summary>
internal sealed class RootKeyChanges(
    IKmsStore store, IKeyringRepository keyrings, Keyring keyring, RootKeyJournal journal)
{
    /// <summary>The wrappings, and which of them open with what is at hand.</summary>
    /// <param name="secrets">What was given.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="StoreUnusableException">They do not match their protection.</exception>
    public async Task<RootKeyList> ListAsync(RootSecrets secrets, CancellationToken cancellationToken)
    {
        StoredKeyring stored = await store.ReadAsync(session => ReadAsync(session, held: null), cancellationToken);
        List<RootKeyState> states = [];
        foreach (RootWrapper wrapper in stored.Wrappers.OrderBy(wrapper => wrapper.CreatedAt).ThenBy(wrapper => wrapper.WrapperId))
            states.Add(await ProveAsync(wrapper, secrets, cancellationToken));

        return new RootKeyList(stored.Set!.Epoch, states);
    }

    /// <summary>Has another root key open the master key. It is read back, and opened, before this answers.</summary>
    /// <param name="rootKey">The root key, in a form that will be found again.</param>
    /// <param name="kind">The name of its kind.</param>
    /// <param name="parameters">What the kind has to know.</param>
    /// <param name="cancellationToken">Ends it before the unit begins.</param>
    /// <exception cref="RootKeyException">It opens the master key already.</exception>
    /// <exception cref="StoreUnusableException">The wrappings do not match their protection, or are not stored as written.</exception>
    /// <exception cref="KmsException">The database cannot take it.</exception>
    public async Task<RootWrapper> AddAsync(RootKey rootKey, string kind, string parameters, CancellationToken cancellationToken)
    {
        RootWrapper made = keyring.WrapMasterKey(rootKey, kind, parameters);
        if (!keyring.IsOpenedBy(rootKey, made))
            throw new StoreUnusableException("The new root key does not open what it has wrapped: nothing was stored.");

        await store.WriteAsync(
            async session =>
            {
                (StoredKeyring stored, RootWrapperSet before) = await HoldAsync(session);
                if (stored.Wrappers.FirstOrDefault(wrapper => wrapper.RootKeyId == made.RootKeyId) is { } same)
                    throw new RootKeyException(
                        $"Root key {same.RootKeyId} opens the master key already (wrapper {same.WrapperId}): nothing was changed.");

                await keyrings.InsertRootWrapperAsync(session, made);
                return await EndAsync(session, JournalActions.RootKeyAdded, made, before, [.. stored.Wrappers, made]);
            },
            cancellationToken);
        StoredKeyring now = await store.ReadAsync(session => ReadAsync(session, held: null), CancellationToken.None);
        RootWrapper? back = now.Wrappers.FirstOrDefault(wrapper => wrapper.WrapperId == made.WrapperId);
        return back is not null && keyring.IsOpenedBy(rootKey, back)
            ? back
            : throw new StoreUnusableException(
                $"Root key {made.RootKeyId} was added, and the database does not have it as it was written: do not rely on it.");
    }

    /// <summary>
    /// Takes a root key its power to open the master key. Before that every other one is proved: those whose secret is at hand must open,
    /// those whose secret is not must be named, and at least one is proved.
    /// </summary>
    /// <param name="id">The wrapping, by its id or by that of its root key.</param>
    /// <param name="secrets">What was given.</param>
    /// <param name="unproved">The ids of those that may stay unproved.</param>
    /// <param name="cancellationToken">Ends it before the unit begins.</param>
    /// <exception cref="RootKeyException">There is no such root key, it is the last, or another one is not proved.</exception>
    /// <exception cref="StoreUnusableException">The wrappings do not match their protection, or one does not open.</exception>
    /// <exception cref="KmsException">The database cannot take it.</exception>
    public async Task<RemovedRootKey> RemoveAsync(
        string id, RootSecrets secrets, IReadOnlyCollection<string> unproved, CancellationToken cancellationToken)
    {
        (RootWrapperSet set, RootWrapper wanted, RootWrapper[] others, List<RootWrapper> proved) =
            await ProveOthersAsync(id, secrets, unproved, cancellationToken);
        if (others.Length == 0)
            throw new RootKeyException("This is the last root key: without it nothing opens any more. Add another one first.");

        if (proved.Count == 0)
            throw new RootKeyException("None of the other root keys is at hand: present one that stays. Nothing was removed.");

        await store.WriteAsync(
            async session =>
            {
                (StoredKeyring held, RootWrapperSet before) = await HoldAsync(session);
                if (before.Epoch != set.Epoch)
                    throw new RootKeyException("Somebody else has changed the root keys meanwhile: nothing was removed. Try again.");

                if (!await keyrings.DeleteRootWrapperAsync(session, wanted.WrapperId))
                    throw new StoreUnusableException($"The database does not remove wrapper {wanted.WrapperId}: nothing was changed.");

                return await EndAsync(session, JournalActions.RootKeyRemoved, wanted, before, others);
            },
            cancellationToken);
        StoredKeyring now = await store.ReadAsync(session => ReadAsync(session, held: null), CancellationToken.None);
        if (now.Wrappers.Any(wrapper => wrapper.WrapperId == wanted.WrapperId))
            throw new StoreUnusableException($"Wrapper {wanted.WrapperId} was removed, and the database still has it.");

        // Off the log too, where the database lets that be done from here; where it does not, its own checkpoint does it.
        _ = await store.EraseRemainsAsync(CancellationToken.None);
        return new RemovedRootKey(wanted, proved);
    }

    /// <summary>
    /// Finds out what <see cref="RemoveAsync"/> would refuse when another root key, which opens, is added before: for who does both.
    /// </summary>
    /// <param name="id">As there.</param>
    /// <param name="secrets">As there.</param>
    /// <param name="unproved">As there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task CheckRemovalAsync(
        string id, RootSecrets secrets, IReadOnlyCollection<string> unproved, CancellationToken cancellationToken) =>
        ProveOthersAsync(id, secrets, unproved, cancellationToken);

    private async Task<(RootWrapperSet Set, RootWrapper Wanted, RootWrapper[] Others, List<RootWrapper> Proved)> ProveOthersAsync(
        string id, RootSecrets secrets, IReadOnlyCollection<string> unproved, CancellationToken cancellationToken)
    {
        StoredKeyring stored = await store.ReadAsync(session => ReadAsync(session, held: null), cancellationToken);
        RootWrapper wanted = Find(stored.Wrappers, id);
        RootWrapper[] others = [.. stored.Wrappers.Where(wrapper => wrapper.WrapperId != wanted.WrapperId)];
        foreach (string name in unproved)
            _ = Find(others, name);

        List<RootWrapper> proved = [];
        foreach (RootWrapper other in others)
        {
            RootKeyState state = await ProveAsync(other, secrets, cancellationToken);
            if (state.Proof == RootKeyProof.Broken)
                throw new StoreUnusableException(
                    $"Root key {other.RootKeyId} (wrapper {other.WrapperId}) is at hand and does not open the master key: nothing was "
                    + "removed.");

            if (state.Proof == RootKeyProof.Opens)
                proved.Add(other);
            else if (!unproved.Any(name => IsNamed(other, name)))
                throw new RootKeyException(
                    $"Root key {other.RootKeyId} (wrapper {other.WrapperId}, {other.Kind}) is not at hand, so that nobody knows whether it "
                    + "still opens: present it, or name it as unproved. Nothing was removed.");
        }

        return (stored.Set!, wanted, others, proved);
    }

    /// <summary>The one wrapping that has this id, or whose root key has it.</summary>
    /// <exception cref="RootKeyException">There is none.</exception>
    public static RootWrapper Find(IReadOnlyList<RootWrapper> wrappers, string id) =>
        wrappers.FirstOrDefault(wrapper => IsNamed(wrapper, id))
        ?? throw new RootKeyException($"There is no root key '{Printable(id)}': 'root-key list' shows them.");

    // It may be anything that somebody has typed, a root key among them.
    private static string Printable(string id) =>
        id.Length <= 36 && id.All(c => char.IsAsciiHexDigit(c) || c == '-') ? id : "with that id";

    private static bool IsNamed(RootWrapper wrapper, string id) =>
        string.Equals(wrapper.RootKeyId, id, StringComparison.OrdinalIgnoreCase)
        || (Guid.TryParse(id, out Guid wrapperId) && wrapperId == wrapper.WrapperId);

    private async Task<RootKeyState> ProveAsync(RootWrapper wrapper, RootSecrets secrets, CancellationToken cancellationToken) =>
        await secrets.FindAsync(wrapper, cancellationToken) is { } rootKey
            ? new RootKeyState(wrapper, keyring.IsOpenedBy(rootKey, wrapper) ? RootKeyProof.Opens : RootKeyProof.Broken)
            : new RootKeyState(wrapper, RootKeyProof.NotAtHand);

    // The row of the set is what changes wait for each other at.
    private async Task<(StoredKeyring Stored, RootWrapperSet Set)> HoldAsync(IKmsSession session)
    {
        RootWrapperSet held = await keyrings.LockRootWrapperSetAsync(session)
            ?? throw new StoreUnusableException("The database has no row in root_wrapper_set.");
        return (await ReadAsync(session, held), held);
    }

    private async Task<StoredKeyring> ReadAsync(IKmsSession session, RootWrapperSet? held)
    {
        ToldRootWrapperSet? told = await journal.FindNewestAsync(session);
        StoredKeyring stored = await StoredKeyring.ReadAsync(session, keyrings);
        string? problem = stored.Set is null || (held is not null && held.Epoch != stored.Set.Epoch)
            ? "the row of root_wrapper_set is missing, or is not the one that was locked"
            : keyring.FindProblem(stored, told);
        return problem is null
            ? stored
            : throw new StoreUnusableException($"The root keys of the database do not match their protection: {problem}.");
    }

    private async Task<RootWrapperSet> EndAsync(
        IKmsSession session, string action, RootWrapper wrapper, RootWrapperSet before, IReadOnlyList<RootWrapper> wrappers)
    {
        RootWrapperSet next = keyring.SetOf(before.Epoch + 1, wrappers);
        if (!await keyrings.UpdateRootWrapperSetAsync(session, next))
            throw new StoreUnusableException("The database does not take the next set of root keys: nothing was changed.");

        await journal.TellAsync(session, action, wrapper, next);
        return next;
    }
}

/// <summary>The root keys of an installation.</summary>
/// <param name="Epoch">How often they were changed, and 1.</param>
/// <param name="States">Each of them, the oldest first.</param>
internal sealed record RootKeyList(long Epoch, IReadOnlyList<RootKeyState> States);

/// <summary>A wrapping, and whether it opens.</summary>
internal sealed record RootKeyState(RootWrapper Wrapper, RootKeyProof Proof);

/// <summary>What is known of a wrapping.</summary>
internal enum RootKeyProof
{
    /// <summary>Its root key is at hand, and opens the master key.</summary>
    Opens,

    /// <summary>Its root key is not at hand.</summary>
    NotAtHand,

    /// <summary>Its root key is at hand, and does not open it.</summary>
    Broken,
}

/// <summary>What was removed, and what opens from now on.</summary>
/// <param name="Wrapper">The wrapping.</param>
/// <param name="Proved">Those that stay, as far as they were proved.</param>
internal sealed record RemovedRootKey(RootWrapper Wrapper, IReadOnlyList<RootWrapper> Proved);
