namespace Qkms.Core.Keyrings;

/// <summary>
/// A kind of root key: how the one of a wrapping is had again from what this process was given. Whatever the kind, that is 32 bytes which
/// <see cref="RootKeyWrap"/> wraps the master key with: who has them can wrap any master key, that of before or a new one. A new kind is
/// one file with such an object, and one line in <see cref="RootKeyKinds"/>.
/// </summary>
internal interface IRootKeyKind
{
    /// <summary>The word in the column <c>kind</c>; bound into what is wrapped, and never changed.</summary>
    string Name { get; }

    /// <summary>The root key of a wrapping, which ends with <paramref name="secrets"/>; null when what it takes is not at hand.</summary>
    /// <param name="wrapper">A wrapping of this kind.</param>
    /// <param name="secrets">What this process was given.</param>
    /// <param name="cancellationToken">Ends the wait for what lies elsewhere.</param>
    /// <exception cref="RootKeyException">What was given cannot be used.</exception>
    ValueTask<RootKey?> FindAsync(RootWrapper wrapper, RootSecrets secrets, CancellationToken cancellationToken);

    /// <summary>What a wrapping says of itself beside its ids, for people; empty where there is nothing to say.</summary>
    string Describe(RootWrapper wrapper);
}

/// <summary>Every kind of root key.</summary>
internal static class RootKeyKinds
{
    private static readonly IRootKeyKind[] _all =
        [new RootKeyFileKind(), new PassphraseKind(), new SharesKind(), new Pkcs11Kind(), new AwsKmsKind()];

    /// <summary>The kind of a wrapping; null when a later release made it.</summary>
    public static IRootKeyKind? Find(string name) => Array.Find(_all, kind => kind.Name == name);
}

/// <summary>32 bytes in a file, in systemd's credential or in the environment.</summary>
internal sealed class RootKeyFileKind : IRootKeyKind
{
    /// <inheritdoc/>
    public string Name => RootKeyWrap.RootKeyKind;

    /// <inheritdoc/>
    public ValueTask<RootKey?> FindAsync(RootWrapper wrapper, RootSecrets secrets, CancellationToken cancellationToken) =>
        new(secrets.Located?.Id == wrapper.RootKeyId ? secrets.Located : null);

    /// <inheritdoc/>
    public string Describe(RootWrapper wrapper) => "";
}
