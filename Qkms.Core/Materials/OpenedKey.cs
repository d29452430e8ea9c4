using Qkms.Core.Keys;

namespace Qkms.Core.Materials;

/// <summary>A key version that may be used, with its key in memory, until it is disposed of.</summary>
public sealed class OpenedKey : IDisposable
{
    private readonly MaterialLease _lease;

    internal OpenedKey(ChosenKey chosen, MaterialLease lease) => (Chosen, _lease) = (chosen, lease);

    /// <summary>The version, and the kid that was asked for where it is another.</summary>
    public ChosenKey Chosen { get; }

    /// <summary>The version.</summary>
    public KeyVersion Version => Chosen.Version;

    /// <summary>The key, as what its algorithm is worked with.</summary>
    public T As<T>()
        where T : class, IDisposable => _lease.As<T>();

    /// <summary>Gives the key back.</summary>
    public void Dispose() => _lease.Dispose();
}
