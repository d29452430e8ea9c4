namespace Qkms.Core.Signatures;

/// <summary>Settings of signing.</summary>
public sealed record SignatureOptions
{
    /// <summary>Whether a hash weaker than the ML-DSA key is refused instead of warned about.</summary>
    public bool RefuseWeakHash { get; init; }
}
