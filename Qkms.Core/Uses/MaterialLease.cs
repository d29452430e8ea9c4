namespace Qkms.Core.Uses;

/// <summary>A key in memory that stays whole until the lease ends, even when the cache has dropped it meanwhile.</summary>
public sealed class MaterialLease : IDisposable
{
    private readonly MaterialCache _cache;
    private readonly MaterialEntry _entry;
    private int _ended;

    internal MaterialLease(MaterialCache cache, MaterialEntry entry) => (_cache, _entry) = (cache, entry);

    /// <summary>The key.</summary>
    public IDisposable Key
    {
        get
        {
            ObjectDisposedException.ThrowIf(_ended != 0, this);
            return _entry.Key;
        }
    }

    /// <summary>Gives the key back; the last one to give back a dropped key zeroes it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
            _cache.Return(_entry);
    }
}
