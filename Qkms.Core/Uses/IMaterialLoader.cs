using Qkms.Core.Keys;

namespace Qkms.Core.Uses;

/// <summary>Brings the private or secret key of a version into memory, ready for use.</summary>
public interface IMaterialLoader
{
    /// <summary>The key in memory, a <see cref="Algorithms.LoadedKey"/>.</summary>
    /// <exception cref="Sealing.SealBrokenException">It does not open, or is not the key of this version.</exception>
    Task<IDisposable> LoadAsync(KeyVersion version);
}
