namespace Qkms.Core.Uses;

/// <summary>One key of the cache. The cache's lock guards the counter and the flag.</summary>
internal sealed class MaterialEntry(KeyVersionId id, long askedAt)
{
    public KeyVersionId Id { get; } = id;

    /// <summary>The monotonic clock when its load began.</summary>
    public long AskedAt { get; } = askedAt;

    /// <summary>The load, begun before anybody else sees the entry.</summary>
    public Task<IDisposable> Loading { get; set; } = null!;

    /// <summary>The key; only when <see cref="Loading"/> has succeeded.</summary>
    public IDisposable Key => Loading.Result;

    /// <summary>How many hold it.</summary>
    public int Leases { get; set; }

    /// <summary>Whether the cache has let go of it, or never held it.</summary>
    public bool IsDropped { get; set; }
}
