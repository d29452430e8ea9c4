using Qkms.Core.Callers;

namespace Qkms.Core.Uses;

/// <summary>Batches whose items each stand for themselves: one may mean another key than the next.</summary>
internal static class EachItem
{
    /// <summary>
    /// Does the work for one item after the other. A refusal concerns its item alone, unless the service cannot do it now: then the whole
    /// request can be sent again.
    /// </summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>.</exception>
    public static async ValueTask<IReadOnlyList<ItemOf<T>>> RunAsync<TItem, T>(
        Caller caller, IReadOnlyList<TItem> items, Func<TItem, ValueTask<T>> work)
        where T : class
    {
        ItemOf<T>[] results = new ItemOf<T>[items.Count];
        try
        {
            for (int i = 0; i < results.Length; i++)
                results[i] = await RunAsync(caller, items[i], work);

            return results;
        }
        catch
        {
            foreach (ItemOf<T>? done in results)
                done?.Dispose();

            throw;
        }
    }

    private static async ValueTask<ItemOf<T>> RunAsync<TItem, T>(Caller caller, TItem item, Func<TItem, ValueTask<T>> work)
        where T : class
    {
        try
        {
            return new ItemOf<T>(await work(item), null);
        }
        catch (KmsException refusal) when (refusal.Error.Kind is not KmsErrorKind.Unavailable)
        {
            caller.NoteRefusedItem(refusal.Error);
            return new ItemOf<T>(null, refusal);
        }
    }
}
