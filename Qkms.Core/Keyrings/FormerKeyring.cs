using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>The opened keys of a database that an earlier build sealed, while it is taken over.</summary>
/// <param name="masterKey">The master key, which stays; ends with this object.</param>
/// <param name="wrappers">The wrappings that it was opened with, or that hold it too.</param>
internal sealed class FormerKeyring(WrappingKey masterKey, IReadOnlyList<RootWrapper> wrappers) : IDisposable
{
    private readonly List<(KeyringEntry Entry, WrappingKey Key)> _systemKeys = [];

    /// <summary>The master key.</summary>
    public WrappingKey MasterKey { get; } = masterKey;

    /// <summary>Its wrappings under the root key.</summary>
    public IReadOnlyList<RootWrapper> Wrappers { get; } = wrappers;

    /// <summary>The keys that belong to no tenant.</summary>
    public IReadOnlyList<(KeyringEntry Entry, WrappingKey Key)> SystemKeys => _systemKeys;

    /// <summary>What an earlier build sealed rows with: it knew the newest key only.</summary>
    public (KeyringEntry Entry, WrappingKey Key) RowSealKey =>
        _systemKeys.Where(key => key.Entry.Kind == KeyringKind.RowSeal).MaxBy(key => key.Entry.Version);

    /// <summary>Takes over an opened key.</summary>
    internal void Add(KeyringEntry entry, WrappingKey key) => _systemKeys.Add((entry, key));

    /// <summary>Zeroes every key.</summary>
    public void Dispose()
    {
        MasterKey.Dispose();
        _systemKeys.ForEach(key => key.Key.Dispose());
    }
}
