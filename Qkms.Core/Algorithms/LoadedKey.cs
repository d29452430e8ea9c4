namespace Qkms.Core.Algorithms;

/// <summary>What a family needs to know of a stored key.</summary>
/// <param name="Algorithm">Its algorithm.</param>
/// <param name="VersionId">The key version that it belongs to.</param>
/// <param name="OaepHash">The hash of OAEP, for RSA encryption keys; else null.</param>
internal sealed record StoredKey(KeyAlgorithm Algorithm, KeyVersionId VersionId, string? OaepHash);

/// <summary>
/// A private or secret key in memory. What it can do it says by what it implements: <see cref="IEncrypt"/>, <see cref="ISign"/>,
/// <see cref="ISignHash"/>, <see cref="IEncapsulate"/>, <see cref="IHpke"/>, <see cref="IWrapDataKeys"/>.
/// </summary>
internal abstract class LoadedKey : IDisposable
{
    /// <summary>The public key that belongs to it, encoded as its row has it; empty for a symmetric key.</summary>
    public abstract ReadOnlySpan<byte> PublicKey { get; }

    /// <summary>Zeroes what is secret.</summary>
    public abstract void Dispose();
}
