using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>The opened keys of a keyring, under one end.</summary>
/// <param name="MasterKey">Wraps every other key of the keyring.</param>
/// <param name="RowSealKeys">Every row-seal key, newest last; at least one.</param>
/// <param name="CursorKey">The newest cursor key.</param>
/// <param name="CredentialHashKeys">Every API-key hash key, newest last; at least one.</param>
/// <param name="JournalKeys">Every journal key, newest last; at least one.</param>
/// <param name="CredentialSecretKeys">Every key that wraps secrets of credentials, newest last; at least one.</param>
internal sealed record KeyringKeys(
    WrappingKey MasterKey,
    IReadOnlyList<WrappingKey> RowSealKeys,
    WrappingKey CursorKey,
    IReadOnlyList<WrappingKey> CredentialHashKeys,
    IReadOnlyList<WrappingKey> JournalKeys,
    IReadOnlyList<WrappingKey> CredentialSecretKeys) : IDisposable
{
    public void Dispose()
    {
        MasterKey.Dispose();
        CursorKey.Dispose();
        foreach (WrappingKey key in RowSealKeys.Concat(CredentialHashKeys).Concat(JournalKeys).Concat(CredentialSecretKeys))
            key.Dispose();
    }
}
