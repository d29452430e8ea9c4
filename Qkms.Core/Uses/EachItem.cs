using Qkms.Core.Callers;

namespace Qkms.Core.Uses;

/// <summary>Batches whose items each stand for themselves: one may mean another key than the next.</summary>
internal static class EachItem
{
    /// <summary>
    /// Does the work for one item after the other, and then counts the uses of all together. A refusal concerns its item alone, unless the
    /// service cannot do it now: then the whole request can be sent again.
    /// </summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="uses">What counts the uses; the work adds to it.</param>
    /// <param name="items">The items.</param>
    /// <param name="work">What is done with each.</param>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>.</exception>
    public static async ValueTask<IReadOnlyList<ItemOf<T>>> RunAsync<TItem, T>(
        Caller caller, UseGroup uses, IReadOnlyList<TItem> items, Func<TItem, ValueTask<T>> work)
        where T : class, IUsed<T>
    {
        ItemOf<T>[] results = new ItemOf<T>[items.Count];
        AskedKey?[] asked = new AskedKey?[items.Count];
        try
        {
            for (int i = 0; i < results.Length; i++)
            {
                results[i] = await RunAsync(items[i], work);
                asked[i] = caller.Asked;
                uses.EndItem(i);
            }

            foreach ((int item, KmsException refusal) in await uses.CountAsync())
            {
                results[item].Result?.Withdraw();
                results[item] = new ItemOf<T>(null, results[item].Refusal ?? refusal);
            }
        }
        catch
        {
            foreach (ItemOf<T>? done in results)
                done?.Result?.Withdraw();

            throw;
        }

        for (int i = 0; i < results.Length; i++)
        {
            if (results[i] is { Refusal: { } refusal })
                caller.NoteRefusedItem(refusal.Error, asked[i]);
            else
                results[i] = new ItemOf<T>(results[i].Result!.With(uses.Warned), null);
        }

        return results;
    }

    private static async ValueTask<ItemOf<T>> RunAsync<TItem, T>(TItem item, Func<TItem, ValueTask<T>> work)
        where T : class
    {
        try
        {
            return new ItemOf<T>(await work(item), null);
        }
        catch (KmsException refusal) when (refusal.Error.Kind is not KmsErrorKind.Unavailable)
        {
            return new ItemOf<T>(null, refusal);
        }
    }
}
