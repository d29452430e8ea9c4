using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>The opened keys of a keyring, under one end.</summary>
/// <param name="MasterKey">Wraps every other key of the keyring.</param>
/// <param name="RowSealKey">The newest row-seal key.</param>
/// <param name="CursorKey">The newest cursor key.</param>
/// <param name="CredentialHashKeys">Every API-key hash key, newest last; at least one.</param>
internal sealed record KeyringKeys(
    WrappingKey MasterKey,
    WrappingKey RowSealKey,
    WrappingKey CursorKey,
    IReadOnlyList<WrappingKey> CredentialHashKeys) : IDisposable
{
    public void Dispose()
    {
        MasterKey.Dispose();
        RowSealKey.Dispose();
        CursorKey.Dispose();
        foreach (WrappingKey key in CredentialHashKeys)
            key.Dispose();
    }
}
