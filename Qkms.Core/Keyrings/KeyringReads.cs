using Qkms.Core.Store;

namespace Qkms.Core.Keyrings;

/// <summary>Reads what a key of a tenant wraps together with that key.</summary>
internal static class KeyringReads
{
    /// <summary>
    /// A row and the key that wraps it, in the stored form; both null when there is no such row. Each statement sees the newest commit: the
    /// key may have been destroyed after the row was read, because the row is wrapped by another one by now. Then both are read again.
    /// </summary>
    /// <param name="keyrings">The repository.</param>
    /// <param name="session">The unit.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="findAsync">Reads the row.</param>
    /// <param name="keyOf">The id of the key that wraps it.</param>
    public static async Task<(T? Row, KeyringEntry? Key)> FindWithTenantKeyAsync<T>(
        this IKeyringRepository keyrings, IKmsSession session, TenantId tenantId, Func<Task<T?>> findAsync, Func<T, Guid> keyOf)
        where T : class
    {
        T? row = await findAsync();
        while (row is not null)
        {
            KeyringEntry? key = await keyrings.FindTenantKeyAsync(session, tenantId, keyOf(row));
            if (key is { State: KeyringState.InUse })
                return (row, key);

            T? again = await findAsync();
            if (again is not null && keyOf(again) == keyOf(row))
                return (again, key);

            row = again;
        }

        return (null, null);
    }
}
