using Qkms.Core.Algorithms;
using Qkms.Core.Sealing;

namespace Qkms.Core.Keys;

/// <summary>Wraps private keys under their tenant's key, and opens them.</summary>
public static class KeyWrapper
{
    /// <summary>The material row of <paramref name="version"/>.</summary>
    /// <exception cref="SealBrokenException">The stored form does not open again to the same bytes; nothing must be written then.</exception>
    public static KeyMaterial Wrap(WrappingKey tenantKey, KeyVersion version, MaterialFormat format, SecretBytes privateKey)
    {
        ArgumentNullException.ThrowIfNull(tenantKey);
        ArgumentNullException.ThrowIfNull(version);
        ArgumentNullException.ThrowIfNull(privateKey);
        KeyMaterial material = new(
            version.Id,
            version.TenantId,
            tenantKey.Id,
            format,
            Seal.Protect(SealPurpose.PrivateKey, tenantKey, KeyBinding.Of(version, format), privateKey.Span));

        // A key that could not be opened later must not be handed out now.
        using SecretBytes reopened = Unwrap(tenantKey, version, material);
        if (!System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(reopened.Span, privateKey.Span))
            throw new SealBrokenException(version.LogName);

        return material;
    }

    /// <summary>The private key of <paramref name="version"/>, to be disposed of by the caller.</summary>
    /// <exception cref="SealBrokenException">The material is another version's, was changed, or is damaged.</exception>
    public static SecretBytes Unwrap(WrappingKey tenantKey, KeyVersion version, KeyMaterial material)
    {
        ArgumentNullException.ThrowIfNull(tenantKey);
        ArgumentNullException.ThrowIfNull(version);
        ArgumentNullException.ThrowIfNull(material);
        return Seal.TryOpen(SealPurpose.PrivateKey, tenantKey, KeyBinding.Of(version, material.Format), material.Wrapped)
            ?? throw new SealBrokenException(version.LogName);
    }
}
