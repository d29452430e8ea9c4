using Qkms.Core.Keys;

namespace Qkms.Core.Materials;

/// <summary>One key of the cache. The cache's lock guards the counter and the flag.</summary>
internal sealed class MaterialEntry(KeyVersion version, long loadedAt, IMaterialLoader loader)
{
    private readonly Lazy<Task<IDisposable>> _load = new(() => Task.Run(() => loader.LoadAsync(version)));

    public KeyVersionId Id { get; } = version.Id;

    public long LoadedAt { get; } = loadedAt;

    /// <summary>Starts the load when it is asked for the first time.</summary>
    public Task<IDisposable> Loading => _load.Value;

    /// <summary>The key; only when <see cref="Loading"/> has succeeded.</summary>
    public IDisposable Key => _load.Value.Result;

    /// <summary>How many hold it.</summary>
    public int Leases { get; set; }

    /// <summary>Whether the cache has let go of it.</summary>
    public bool IsDropped { get; set; }
}
