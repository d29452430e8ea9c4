using Qkms.Core.Sealing;
using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>Takes shares of a root key, one after the other, until they open the installation.</summary>
/// <param name="store">The store, which is open.</param>
/// <param name="keyrings">Reads the wrappings: anew for each share, because they may be changed from elsewhere meanwhile.</param>
internal sealed class Unsealing(IKmsStore store, IKeyringRepository keyrings)
{
    /// <summary>How long shares are kept that are too few.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Whether the installation waits for shares: it has such a root key, and this process was given nothing. A root key, passphrase,
    /// token or other KMS that was given and opens nothing is a mistake to be told of, and not waited for.
    /// </summary>
    /// <param name="secrets">What this process was given.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RootKeyException">Something was given that cannot be used.</exception>
    public async Task<bool> IsNeededAsync(RootSecrets secrets, CancellationToken cancellationToken)
    {
        StoredKeyring stored = await StoredKeyring.ReadAsync(store, keyrings, cancellationToken);
        return stored.Wrappers.Any(wrapper => wrapper.Kind == SharesKind.KindName)
            && !secrets.HasBesideLocated
            && await stored.FindRootKeyAsync(secrets, cancellationToken) is null;
    }

    /// <summary>Takes a share, which ends with <paramref name="secrets"/>.</summary>
    /// <param name="share">The share.</param>
    /// <param name="secrets">Keeps it, and the root key when it is found.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How far it has come.</returns>
    /// <exception cref="RootKeyException">The share is of another root key, or those that there are do not give one.</exception>
    /// <exception cref="KmsException">The database does not answer: the share was not taken.</exception>
    public async Task<UnsealProgress> TakeAsync(RootKeyShare share, RootSecrets secrets, CancellationToken cancellationToken)
    {
        RootWrapper? wrapper;
        try
        {
            StoredKeyring stored = await StoredKeyring.ReadAsync(store, keyrings, cancellationToken);
            wrapper = stored.Wrappers.FirstOrDefault(stored => SharesKind.IsOf(share, stored));
        }
        catch
        {
            share.Dispose();
            throw;
        }

        if (wrapper is null || SharesKind.FindThreshold(wrapper) is not { } threshold)
        {
            share.Dispose();
            throw new RootKeyException("That share is of a root key that does not open this installation.");
        }

        bool isNew = secrets.TryPresent(share);
        int given = secrets.Shares.Count(share => SharesKind.IsOf(share, wrapper));
        if (given < threshold)
            return new UnsealProgress(given, threshold, isNew, IsOpen: false);

        if (await secrets.FindAsync(wrapper, cancellationToken) is not { } rootKey)
        {
            secrets.ForgetShares();
            throw new RootKeyException(
                $"These shares do not give root key {wrapper.RootKeyId}: one of them is not what was handed out. All were forgotten.");
        }

        return Opens(rootKey, wrapper)
            ? new UnsealProgress(given, threshold, isNew, IsOpen: true)
            : throw new StoreUnusableException(
                $"The shares give root key {wrapper.RootKeyId}, and wrapper {wrapper.WrapperId} does not open with it: its row was "
                + "changed, moved or damaged. Restore the database from a backup.");
    }

    private static bool Opens(RootKey rootKey, RootWrapper wrapper)
    {
        using WrappingKey? masterKey = RootKeyWrap.TryOpen(rootKey, wrapper);
        return masterKey is not null;
    }
}

/// <summary>How many shares were given.</summary>
/// <param name="Given">Of this root key, with the last one.</param>
/// <param name="Needed">How many it takes.</param>
/// <param name="IsNew">False where the last one had been given before.</param>
/// <param name="IsOpen">They open the installation.</param>
internal sealed record UnsealProgress(int Given, int Needed, bool IsNew, bool IsOpen);
