using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Security;

namespace Qkms.Core.Cryptography.BouncyCastle;

/// <summary>The operating system's random numbers, as BouncyCastle takes them.</summary>
internal static class SystemRandom
{
    /// <summary>
    /// Passes every request on: BouncyCastle's default would stretch one seed by a hash, and hide a source that fails later.
    /// Safe on several threads.
    /// </summary>
    internal static SecureRandom Instance { get; } = new(new CryptoApiRandomGenerator());
}
