using System.Security.Cryptography;
using Qkms.Core.Algorithms;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keys;

/// <summary>Wraps private keys under their tenant's key, and opens them.</summary>
internal static class PrivateKeyWrap
{
    /// <summary>The material row of <paramref name="version"/>.</summary>
    /// <exception cref="SealBrokenException">The stored form does not open again to the same bytes; nothing must be
    /// written then.</exception>
    public static KeyMaterial Wrap(WrappingKey tenantKey, KeyVersion version, MaterialFormat format, SecretBytes privateKey)
    {
        KeyMaterial material = new(
            version.Id,
            version.TenantId,
            tenantKey.Id,
            format,
            KeyWrap.Protect(KeyWrapPurpose.PrivateKey, tenantKey, KeyBinding.Of(version, format), privateKey.Span));

        // A key that could not be opened later must not be handed out now.
        using SecretBytes reopened = Unwrap(tenantKey, version, material);
        if (!System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(reopened.Span, privateKey.Span))
            throw new SealBrokenException(version.LogName);

        return material;
    }

    /// <summary>The private key of <paramref name="version"/>, to be disposed of by the caller.</summary>
    /// <exception cref="SealBrokenException">The material is another version's, was changed, or is damaged.</exception>
    public static SecretBytes Unwrap(WrappingKey tenantKey, KeyVersion version, KeyMaterial material) =>
        KeyWrap.TryOpen(KeyWrapPurpose.PrivateKey, tenantKey, KeyBinding.Of(version, material.Format), material.Wrapped)
            ?? throw new SealBrokenException(version.LogName);
}

/// <summary>The wrapped private key of one version, in a table of its own: destroying a key is one delete, and lists stay narrow.</summary>
/// <param name="VersionId">The key version.</param>
/// <param name="TenantId">Its tenant.</param>
/// <param name="WrappingKeyId">The tenant key that wraps it.</param>
/// <param name="Format">The encoding inside.</param>
/// <param name="Wrapped">The sealed private key.</param>
internal sealed record KeyMaterial(KeyVersionId VersionId, TenantId TenantId, Guid WrappingKeyId, MaterialFormat Format, byte[] Wrapped);

/// <summary>What a wrapped private key is bound to: it opens in the row of this key version and nowhere else.</summary>
internal static class KeyBinding
{
    private const byte Format = 1;

    /// <summary>
    /// The associated data of the wrapped private key of <paramref name="version"/>. No name and no number that is local to a database.
    /// </summary>
    public static byte[] Of(KeyVersion version, MaterialFormat format) => new CanonicalWriter(Format)
        .Add(version.TenantId.Value)
        .Add(version.KeyId.Value)
        .Add(version.Id.Value)
        .Add(version.Version)
        .Add(version.Kid.Value)
        .Add(version.Algorithm.Name)
        .Add(version.Use.ToWire())
        .Add((long)format)
        .Add(SHA256.HashData(version.PublicKey))
        .Written.ToArray();
}
