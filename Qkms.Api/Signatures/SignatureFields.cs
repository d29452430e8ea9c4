using Qkms.Api.Fields;
using Qkms.Core.Signatures;

namespace Qkms.Api.Signatures;

/// <summary>A signature. One that is too long is wrong, not refused: any length that a request body holds is allowed.</summary>
internal sealed class SignatureFieldAttribute : BytesFieldAttribute
{
    public SignatureFieldAttribute()
        : base(0, 2 * SizeRules.MaxPayload) => Example = Examples.Bytes;
}

/// <summary>The context string of FIPS 204.</summary>
internal sealed class SignatureContextFieldAttribute : BytesFieldAttribute
{
    public SignatureContextFieldAttribute()
        : base(0, Signer.MaxContextLength) => Example = "aW52b2ljZXM=";
}

/// <summary>A hash: 32, 48 or 64 bytes.</summary>
internal sealed class HashFieldAttribute : FieldAttribute
{
    public HashFieldAttribute() => (Pattern, Example) = (
        "^([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{85}[AQgw]==)$",
        "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
}
