using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>Wraps keys of the keyring under the master key, and opens them.</summary>
internal static class KeyringKeyWrap
{
    private const byte BindingFormat = 1;

    /// <summary>A new random key, wrapped.</summary>
    public static KeyringEntry Create(WrappingKey masterKey, Guid id, KeyringKind kind, TenantId? tenantId, int version, DateTimeOffset now)
    {
        using SecretBytes secret = SecretBytes.Random(WrappingKey.Size);
        KeyringEntry entry = new(id, kind, tenantId, version, masterKey.Id, Wrapped: [], now);
        return entry with { Wrapped = KeyWrap.Protect(KeyWrapPurpose.KeyringKey, masterKey, BindingOf(entry), secret.Span) };
    }

    /// <summary>The key, to be disposed of by the caller; null when it does not open in this row.</summary>
    public static WrappingKey? TryOpen(WrappingKey masterKey, KeyringEntry entry) =>
        KeyWrap.TryOpen(KeyWrapPurpose.KeyringKey, masterKey, BindingOf(entry), entry.Wrapped) is { } secret
            ? new WrappingKey(entry.Id, secret)
            : null;

    private static byte[] BindingOf(KeyringEntry entry) => new CanonicalWriter(BindingFormat)
        .Add(entry.Id).Add((long)entry.Kind).Add(entry.TenantId?.Value).Add((long)entry.Version).Add(entry.MasterKeyId)
        .Written.ToArray();
}
