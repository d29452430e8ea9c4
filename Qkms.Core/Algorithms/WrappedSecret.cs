namespace Qkms.Core.Algorithms;

/// <summary>A fresh secret, and the ciphertext from which the key recovers it: a shared secret of a KEM, or a data key.</summary>
/// <param name="Secret">K of FIPS 203, or the data key. It is stored nowhere and zeroed with this.</param>
/// <param name="Ciphertext">c of FIPS 203, or the wrapped form (docs/formats.md).</param>
public sealed record WrappedSecret(SecretBytes Secret, byte[] Ciphertext) : IDisposable
{
    /// <summary>Zeroes the secret.</summary>
    public void Dispose() => Secret.Dispose();
}
