namespace Qkms.Core.Algorithms;

/// <summary>A key that is made and checked, and not stored yet.</summary>
/// <param name="PublicKey">The public key as its row will have it; empty for a symmetric key.</param>
/// <param name="PrivateKey">The private or secret key in <paramref name="Format"/>.</param>
/// <param name="Format">The encoding of the private key.</param>
public sealed record NewKeyMaterial(byte[] PublicKey, SecretBytes PrivateKey, MaterialFormat Format) : IDisposable
{
    /// <summary>Zeroes the private key.</summary>
    public void Dispose() => PrivateKey.Dispose();
}
