using Qkms.Core.Keys;
using Qkms.Core.Sealing;
using Qkms.Core.Secrets;

namespace Qkms.Core.Lifecycle;

/// <summary>A key that is made and checked, and not stored yet.</summary>
/// <param name="PublicKey">The public key as <see cref="KeyVersion.PublicKey"/> holds it; empty for a symmetric key.</param>
/// <param name="PrivateKey">The private or secret key in <paramref name="Format"/>.</param>
/// <param name="Format">The encoding of the private key.</param>
public sealed record NewKeyMaterial(byte[] PublicKey, SecretBytes PrivateKey, MaterialFormat Format) : IDisposable
{
    /// <summary>The private key as it is stored for <paramref name="version"/>.</summary>
    internal KeyMaterial Wrap(WrappingKey tenantKey, KeyVersion version) => KeyWrapper.Wrap(tenantKey, version, Format, PrivateKey);

    /// <summary>Zeroes the private key.</summary>
    public void Dispose() => PrivateKey.Dispose();
}
