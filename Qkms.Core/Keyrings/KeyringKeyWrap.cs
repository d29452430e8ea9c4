using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>Wraps keys of the keyring under the master key, and opens them.</summary>
internal static class KeyringKeyWrap
{
    private const byte BindingFormat = 2;
    private const byte FormerBindingFormat = 1;

    /// <summary>A new random key, wrapped.</summary>
    public static KeyringEntry Create(WrappingKey masterKey, Guid id, KeyringKind kind, TenantId? tenantId, int version, DateTimeOffset now)
    {
        using WrappingKey key = new(id, SecretBytes.Random(WrappingKey.Size));
        return Wrap(masterKey, new KeyringEntry(id, kind, tenantId, version, masterKey.Id, KeyringState.InUse, Wrapped: [], now), key);
    }

    /// <summary>The row with its key wrapped anew.</summary>
    public static KeyringEntry Wrap(WrappingKey masterKey, KeyringEntry entry, WrappingKey key) =>
        entry with { Wrapped = KeyWrap.Protect(KeyWrapPurpose.KeyringKey, masterKey, BindingOf(entry), key.Secret.Span) };

    /// <summary>The key, to be disposed of by the caller; null when it does not open in this row.</summary>
    public static WrappingKey? TryOpen(WrappingKey masterKey, KeyringEntry entry) => TryOpen(masterKey, entry, BindingOf(entry));

    /// <summary>The same for a key that was wrapped before its state was bound: only while a database is taken over.</summary>
    public static WrappingKey? TryOpenFormer(WrappingKey masterKey, KeyringEntry entry) => TryOpen(
        masterKey,
        entry,
        new CanonicalWriter(FormerBindingFormat)
            .Add(entry.Id).Add((long)entry.Kind).Add(entry.TenantId?.Value).Add((long)entry.Version).Add(entry.MasterKeyId)
            .Written);

    private static WrappingKey? TryOpen(WrappingKey masterKey, KeyringEntry entry, ReadOnlySpan<byte> binding) =>
        KeyWrap.TryOpen(KeyWrapPurpose.KeyringKey, masterKey, binding, entry.Wrapped) is { } secret
            ? new WrappingKey(entry.Id, secret)
            : null;

    private static ReadOnlySpan<byte> BindingOf(KeyringEntry entry) => new CanonicalWriter(BindingFormat)
        .Add(entry.Id).Add((long)entry.Kind).Add(entry.TenantId?.Value).Add((long)entry.Version).Add(entry.MasterKeyId)
        .Add((long)entry.State)
        .Written;
}
