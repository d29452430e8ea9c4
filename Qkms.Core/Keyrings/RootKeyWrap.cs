using Qkms.Core.Sealing;

namespace Qkms.Core.Keyrings;

/// <summary>Wraps the master key under a root key, and opens it.</summary>
internal static class RootKeyWrap
{
    /// <summary>The kind of a wrapping by 32 bytes from a file or the environment.</summary>
    public const string RootKeyKind = "root-key";

    private const byte BindingFormat = 2;
    private const byte FormerBindingFormat = 1;

    /// <summary>The master key, wrapped.</summary>
    /// <param name="rootKey">The root key.</param>
    /// <param name="masterKey">Any master key: that of now, or the next one.</param>
    /// <param name="wrapperId">The id of the wrapping.</param>
    /// <param name="now">The time.</param>
    /// <param name="kind">The name of the root key's <see cref="IRootKeyKind"/>.</param>
    /// <param name="parameters">What the kind has to know to find the root key again.</param>
    public static RootWrapper Create(
        RootKey rootKey, WrappingKey masterKey, Guid wrapperId, DateTimeOffset now, string kind = RootKeyKind, string parameters = "") =>
        Wrap(
            rootKey,
            new RootWrapper(masterKey.Id, wrapperId, kind, parameters, rootKey.Id, KeyringState.InUse, Wrapped: [], now),
            masterKey);

    /// <summary>The row with a master key wrapped anew: that of before, or another one whose id the row has.</summary>
    public static RootWrapper Wrap(RootKey rootKey, RootWrapper wrapper, WrappingKey masterKey) => wrapper with
    {
        Wrapped = KeyWrap.Protect(KeyWrapPurpose.MasterKey, rootKey.WrappingKey, BindingOf(wrapper), masterKey.Secret.Span),
    };

    /// <summary>The master key, to be disposed of by the caller; null when it does not open in this row.</summary>
    public static WrappingKey? TryOpen(RootKey rootKey, RootWrapper wrapper) => TryOpen(rootKey, wrapper, BindingOf(wrapper));

    /// <summary>
    /// The same for a master key that was wrapped before all of its row was bound: this alone says that a database is still to be taken
    /// over.
    /// </summary>
    public static WrappingKey? TryOpenFormer(RootKey rootKey, RootWrapper wrapper) => TryOpen(
        rootKey,
        wrapper,
        new CanonicalWriter(FormerBindingFormat).Add(wrapper.MasterKeyId).Add(wrapper.WrapperId).Add(wrapper.Kind).Written);

    private static WrappingKey? TryOpen(RootKey rootKey, RootWrapper wrapper, ReadOnlySpan<byte> binding) =>
        KeyWrap.TryOpen(KeyWrapPurpose.MasterKey, rootKey.WrappingKey, binding, wrapper.Wrapped) is { } secret
            ? new WrappingKey(wrapper.MasterKeyId, secret)
            : null;

    private static ReadOnlySpan<byte> BindingOf(RootWrapper wrapper) => new CanonicalWriter(BindingFormat)
        .Add(wrapper.MasterKeyId).Add(wrapper.WrapperId).Add(wrapper.Kind).Add(wrapper.Parameters).Add(wrapper.RootKeyId)
        .Add((long)wrapper.State)
        .Written;
}
