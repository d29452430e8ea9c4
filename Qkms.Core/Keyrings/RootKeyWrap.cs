using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>Wraps the master key under a root key, and opens it.</summary>
internal static class RootKeyWrap
{
    /// <summary>The kind of a wrapping by 32 bytes from a file or the environment.</summary>
    public const string RootKeyKind = "root-key";

    private const byte BindingFormat = 1;

    /// <summary>The master key, wrapped.</summary>
    public static RootWrapper Create(RootKey rootKey, WrappingKey masterKey, Guid wrapperId, DateTimeOffset now)
    {
        RootWrapper wrapper = new(masterKey.Id, wrapperId, RootKeyKind, rootKey.Id, Wrapped: [], now);
        return wrapper with
        {
            Wrapped = KeyWrap.Protect(KeyWrapPurpose.MasterKey, rootKey.WrappingKey, BindingOf(wrapper), masterKey.Secret.Span)
        };
    }

    /// <summary>The master key, to be disposed of by the caller; null when it does not open in this row.</summary>
    public static WrappingKey? TryOpen(RootKey rootKey, RootWrapper wrapper) =>
        KeyWrap.TryOpen(KeyWrapPurpose.MasterKey, rootKey.WrappingKey, BindingOf(wrapper), wrapper.Wrapped) is { } secret
            ? new WrappingKey(wrapper.MasterKeyId, secret)
            : null;

    private static byte[] BindingOf(RootWrapper wrapper) => new CanonicalWriter(BindingFormat)
        .Add(wrapper.MasterKeyId).Add(wrapper.WrapperId).Add(wrapper.Kind)
        .Written.ToArray();
}
