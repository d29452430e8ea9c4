using Qkms.Core.Algorithms;
using Qkms.Core.Callers;
using Qkms.Core.Keys;

namespace Qkms.Core.Uses;

/// <summary>
/// The uses of the items of one request, which are counted and journalled together when all items are done, and not item by item: a request
/// of a thousand items waits for one write, and is one event for each version and operation. No item is answered before.
/// </summary>
internal sealed class UseGroup(Caller caller, UseRecorder recorder, TimeProvider time)
{
    // Of the item at hand, in their order: a re-encryption opens with one version and makes with another.
    private readonly List<(KeyVersion Version, KeyOperation Operation)> _ofItem = [];

    // By their place in their item.
    private readonly List<List<UseOfItem>> _steps = [];
    private readonly Dictionary<KeyVersionId, long> _used = [];

    /// <summary>Takes note of a use by the item at hand.</summary>
    public void Add(KeyVersion version, KeyOperation operation) => _ofItem.Add((version, operation));

    /// <summary>The item at hand is done.</summary>
    /// <param name="item">Its number.</param>
    public void EndItem(int item)
    {
        for (int i = 0; i < _ofItem.Count; i++)
        {
            if (i == _steps.Count)
                _steps.Add([]);

            _steps[i].Add(new UseOfItem(item, _ofItem[i].Version, _ofItem[i].Operation));
        }

        _ofItem.Clear();
    }

    /// <summary>
    /// Counts all of them. Of more uses of a version than are left the first items are granted. What an item does after a use that is not
    /// granted is no use.
    /// </summary>
    /// <returns>The items that must not be answered, and why.</returns>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>: nothing may be answered.</exception>
    public async Task<IReadOnlyDictionary<int, KmsException>> CountAsync()
    {
        Dictionary<int, KmsException> refused = [];
        foreach (List<UseOfItem> step in _steps)
        {
            UseOfItem[][] groups =
            [
                .. step.Where(use => !refused.ContainsKey(use.Item))
                    .GroupBy(use => (use.Version.Id, use.Operation))
                    .Select(group => group.ToArray()),
            ];
            if (groups.Length == 0)
                continue;

            Task<CountedUses>[] counting = recorder.Record(
                caller, [.. groups.Select(group => (group[0].Version, group[0].Operation, group.Length))]);

            // All have ended before one of them can end the request.
            Task all = Task.WhenAll(counting);
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            for (int i = 0; i < groups.Length; i++)
            {
                foreach ((int item, KmsException refusal) in await RefusedAsync(groups[i], counting[i]))
                    refused[item] = refusal;
            }
        }

        return refused;
    }

    /// <summary>A key that was used, with its warnings as they are after all of the request's uses.</summary>
    public ChosenKey Warned(ChosenKey key) => _used.TryGetValue(key.Version.Id, out long used)
        ? LimitWarner.Warned(caller, key, used, time)
        : key;

    private async Task<IEnumerable<(int Item, KmsException Refusal)>> RefusedAsync(UseOfItem[] uses, Task<CountedUses> counting)
    {
        try
        {
            CountedUses counted = await counting;
            _used[uses[0].Version.Id] = Math.Max(counted.Used, _used.GetValueOrDefault(uses[0].Version.Id));
            return uses.Skip(counted.Granted).Select(use => (use.Item, counted.Refusal!.Refusal()));
        }
        catch (KmsException refusal) when (refusal.Error.Kind is not KmsErrorKind.Unavailable)
        {
            return uses.Select(use => (use.Item, refusal));
        }
    }

    private readonly record struct UseOfItem(int Item, KeyVersion Version, KeyOperation Operation);
}
