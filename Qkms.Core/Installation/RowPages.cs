using Qkms.Core.Store;

namespace Qkms.Core.Installation;

/// <summary>Walks through all rows of a table by their ids, a page at a time.</summary>
internal static class RowPages
{
    /// <summary>How many rows are read at once.</summary>
    internal const int Size = 500;

    /// <summary>All rows, by their ids.</summary>
    /// <param name="session">The unit.</param>
    /// <param name="list">A page: the rows behind an id, at most so many.</param>
    /// <param name="idOf">The id of a row; that of a damaged one may be any.</param>
    /// <exception cref="StoreUnusableException">No row of a whole page has an id that leads on.</exception>
    public static async IAsyncEnumerable<Sealed<T>> AllAsync<T>(
        IKmsSession session, Func<IKmsSession, Guid, int, Task<IReadOnlyList<Sealed<T>>>> list, Func<T, Guid> idOf)
        where T : class, ISealedRow
    {
        Guid last = Guid.Empty;
        IReadOnlyList<Sealed<T>> page;
        do
        {
            page = await list(session, last, Size);
            Guid before = last;
            foreach (Sealed<T> row in page)
            {
                // An id that cannot be read is read as zeros: the walk would begin again, and never end.
                Guid id = idOf(row.UnverifiedRow);
                if (id.CompareTo(last) > 0)
                    last = id;

                yield return row;
            }

            if (page.Count == Size && last == before)
                throw new StoreUnusableException($"{Size} rows in turn have ids that are none.");
        }
        while (page.Count == Size);
    }
}
