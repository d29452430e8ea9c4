using System.Security.Cryptography;

namespace Qkms.Core.Cryptography;

/// <summary>
/// A cryptographic implementation computed something else than a known answer, or than another implementation of the same standard. Nothing
/// that it made may be used. The message names the algorithm and the implementations; callers of the API see an internal error only.
/// </summary>
public sealed class EngineFaultException : CryptographicException
{
    /// <summary>Names what went wrong.</summary>
    /// <param name="what">The algorithm, the implementations, and what they did not agree on.</param>
    public EngineFaultException(string what)
        : this(what, cause: null)
    {
    }

    /// <summary>The same with the failure of one implementation, whose message may not be shown.</summary>
    /// <param name="what">The algorithm, the implementations, and what they did not agree on.</param>
    /// <param name="cause">The failure.</param>
    public EngineFaultException(string what, Exception? cause)
        : base($"Wrong cryptography: {what}.", cause) => What = what;

    /// <summary>The algorithm, the implementations, and what they did not agree on.</summary>
    public string What { get; }
}
