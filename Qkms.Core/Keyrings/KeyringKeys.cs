using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>The opened keys of a keyring, under one end. Each list has every key of its kind, the newest last, and at least one.</summary>
/// <param name="MasterKey">Wraps every other key of the keyring.</param>
/// <param name="RowSealKeys">Seal rows.</param>
/// <param name="CursorKeys">Authenticate page cursors.</param>
/// <param name="CredentialHashKeys">Hash API keys.</param>
/// <param name="JournalKeys">Authenticate events.</param>
/// <param name="CredentialSecretKeys">Wrap secrets of credentials.</param>
internal sealed record KeyringKeys(
    WrappingKey MasterKey,
    IReadOnlyList<WrappingKey> RowSealKeys,
    IReadOnlyList<WrappingKey> CursorKeys,
    IReadOnlyList<WrappingKey> CredentialHashKeys,
    IReadOnlyList<WrappingKey> JournalKeys,
    IReadOnlyList<WrappingKey> CredentialSecretKeys) : IDisposable
{
    /// <summary>Keys that open what others did with them, and that nothing new is done with yet: other nodes may not have them.</summary>
    public IReadOnlyList<Guid> Waiting { get; init; } = [];

    private IEnumerable<WrappingKey> SystemKeys =>
        RowSealKeys.Concat(CursorKeys).Concat(CredentialHashKeys).Concat(JournalKeys).Concat(CredentialSecretKeys);

    /// <summary>The key of a kind for new work: the newest that does not wait.</summary>
    public WrappingKey NewestOf(IReadOnlyList<WrappingKey> keys)
    {
        int last = keys.Count - 1;
        while (last > 0 && Waiting.Contains(keys[last].Id))
            last--;

        return keys[last];
    }

    /// <summary>Whether a key is among them.</summary>
    public bool Has(Guid id) => SystemKeys.Any(key => key.Id == id);

    /// <summary>The same with a further, newest key of a kind, which waits.</summary>
    public KeyringKeys With(KeyringKind kind, WrappingKey key)
    {
        KeyringKeys more = kind switch
        {
            KeyringKind.RowSeal => this with { RowSealKeys = [.. RowSealKeys, key] },
            KeyringKind.Cursor => this with { CursorKeys = [.. CursorKeys, key] },
            KeyringKind.CredentialHash => this with { CredentialHashKeys = [.. CredentialHashKeys, key] },
            KeyringKind.Journal => this with { JournalKeys = [.. JournalKeys, key] },
            KeyringKind.CredentialSecret => this with { CredentialSecretKeys = [.. CredentialSecretKeys, key] },
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
        return more with { Waiting = [.. Waiting, key.Id] };
    }

    public void Dispose()
    {
        MasterKey.Dispose();
        foreach (WrappingKey key in SystemKeys)
            key.Dispose();
    }
}
