namespace Qkms.Core.Protection;

/// <summary>The keys that the running service works with, once the root key has opened the database.</summary>
public sealed class Keyring : IDisposable
{
    private WrappingKey? _rowSealKey;

    /// <summary>Seals rows.</summary>
    public WrappingKey RowSealKey => _rowSealKey ?? throw new InvalidOperationException("The keyring is not open yet.");

    /// <inheritdoc/>
    public void Dispose() => _rowSealKey?.Dispose();

    internal void Install(WrappingKey rowSealKey) => _rowSealKey = rowSealKey;
}
