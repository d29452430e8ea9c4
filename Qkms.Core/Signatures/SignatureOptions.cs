namespace Qkms.Core.Signatures;

/// <summary>Settings of signing.</summary>
public sealed record SignatureOptions
{
    /// <summary><c>Qkms:Signatures:RefuseWeakHash</c>: whether a hash below the strength of the ML-DSA key is refused instead of warned about; false unless set.</summary>
    public bool RefuseWeakHash { get; init; }
}
