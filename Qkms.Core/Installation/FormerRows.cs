using Qkms.Core.Keyrings;
using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Installation;

/// <summary>Seals the rows of a database anew that an earlier build sealed.</summary>
internal sealed class FormerRows(IFormerRowRepository repository) : IFormerRows
{
    /// <inheritdoc/>
    public async Task<int> SealAnewAsync(IKmsSession session, WrappingKey formerKey, WrappingKey newKey, ICollection<string> broken)
    {
        // Only who put old rows back, among them the old master key, can meet these.
        if (await repository.HasCurrentSealsAsync(session))
            throw new StoreUnusableException(
                "The master key's row is of an earlier build, and other rows are not: somebody put old rows back. Restore the database "
                + "from a backup.");

        SealChange change = new(session, formerKey, newKey, broken);
        await SealAllAsync(
            change, repository.ListTenantsAsync, row => row.Id.Value, FormerSeals.Holds, row => repository.SealAsync(session, row));
        await SealAllAsync(
            change, repository.ListCredentialsAsync, row => row.Id.Value, FormerSeals.Holds, row => repository.SealAsync(session, row));
        await foreach (Sealed<Key> key in RowPages.AllAsync(session, repository.ListKeysAsync, row => row.Id.Value))
            await SealKeyAsync(change, key);

        return change.Count;
    }

    private static async Task SealAllAsync<T>(
        SealChange change,
        Func<IKmsSession, Guid, int, Task<IReadOnlyList<Sealed<T>>>> list,
        Func<T, Guid> idOf,
        Func<WrappingKey, Sealed<T>, bool> holds,
        Func<Sealed<T>, Task> write)
        where T : class, ISealedRow
    {
        await foreach (Sealed<T> stored in RowPages.AllAsync(change.Session, list, idOf))
        {
            if (holds(change.FormerKey, stored))
                await write(change.Seal(stored.UnverifiedRow));
            else
                change.Broken.Add(stored.UnverifiedRow.LogName);
        }
    }

    // What the key's row says of its versions is collected from those that are whole and fit to it. For any other it says that nothing is
    // known, and its row is refused whatever is put there.
    private async Task SealKeyAsync(SealChange change, Sealed<Key> stored)
    {
        Key key = stored.UnverifiedRow;
        bool isWhole = FormerSeals.Holds(change.FormerKey, stored);
        if (!isWhole)
            change.Broken.Add(key.LogName);

        VersionStates states = VersionStates.None;
        int next = 1;
        IReadOnlyList<Sealed<KeyVersion>> page;
        int last = 0;
        do
        {
            page = await repository.ListVersionsAsync(change.Session, key, last, RowPages.Size);
            foreach (Sealed<KeyVersion> row in page)
            {
                KeyVersion version = row.UnverifiedRow;
                last = version.Version;
                if (!FormerSeals.Holds(change.FormerKey, row))
                {
                    change.Broken.Add(version.LogName);
                    continue;
                }

                await repository.SealAsync(change.Session, change.Seal(version));
                if (!isWhole)
                    continue;

                if (!Fits(key, version))
                {
                    change.Broken.Add(version.LogName);
                    continue;
                }

                states = Fill(states, ref next, version.Version, change, key).With(version);
                next++;
            }
        }
        while (page.Count == RowPages.Size);

        if (isWhole)
        {
            states = Fill(states, ref next, key.NextVersion, change, key);
            await repository.SealAsync(change.Session, change.Seal(key with { States = states }));
        }
    }

    private static bool Fits(Key key, KeyVersion version) =>
        version.KeyId == key.Id
        && version.Address == key.Address
        && version.Version < key.NextVersion
        && (version.State == KeyState.Active) == (key.ActiveKid == version.Kid);

    private static VersionStates Fill(VersionStates states, ref int next, int until, SealChange change, Key key)
    {
        for (; next < until; next++)
        {
            change.Broken.Add($"version {next} of {key.LogName}");
            states = states.WithUnknown(next);
        }

        return states;
    }

    private sealed class SealChange(IKmsSession session, WrappingKey formerKey, WrappingKey newKey, ICollection<string> broken)
    {
        public IKmsSession Session { get; } = session;

        public WrappingKey FormerKey { get; } = formerKey;

        public ICollection<string> Broken { get; } = broken;

        public int Count { get; private set; }

        public Sealed<T> Seal<T>(T row)
            where T : class, ISealedRow
        {
            Count++;
            return RowSealer.Seal(newKey, row);
        }
    }
}
