using System.Security.Cryptography;

namespace Qkms.Core.Cryptography;

/// <summary>What makes new key pairs that take more than random bytes. Not sealed: tests search for primes only once.</summary>
/// <param name="opinion">Makes post-quantum keys, and has other engines agree on each.</param>
internal class KeyMakers(SecondOpinion opinion)
{
    /// <summary>The post-quantum engine in use, with those that must agree with it on each new key.</summary>
    public SecondOpinion Opinion => opinion;

    /// <summary>A new RSA key of the platform (FIPS 186-5, appendix A.1): the search for its primes takes tenths of a second.</summary>
    /// <param name="bits">The size of its modulus.</param>
    public virtual RSA NewRsa(int bits) => RSA.Create(bits);
}
