using Qkms.Core.Keys;

namespace Qkms.Core.Uses;

/// <summary>Brings the private or secret key of a version into memory, ready for use.</summary>
public interface IMaterialLoader
{
    /// <summary>An <see cref="System.Security.Cryptography.MLKem"/>, <see cref="System.Security.Cryptography.MLDsa"/>, <see cref="System.Security.Cryptography.RSA"/>, or the <see cref="Secrets.SecretBytes"/> of an AES key.</summary>
    /// <exception cref="Sealing.SealBrokenException">It does not open, or is not the key of this version.</exception>
    Task<IDisposable> LoadAsync(KeyVersion version);
}
