namespace Qkms.Api.Encryption.Kem;

/// <summary>The additional authenticated data of HPKE.</summary>
internal sealed class AadFieldAttribute : BytesFieldAttribute
{
    public AadFieldAttribute()
        : base(0, KemEndpoints.MaxAad) => Example = "aW52b2ljZSA0Nw==";
}

/// <summary>The shared secret of FIPS 203: 32 bytes.</summary>
internal sealed class SharedSecretFieldAttribute : FieldAttribute
{
    public SharedSecretFieldAttribute() => (Pattern, Example) = ("^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$", Examples.SymmetricKey);
}
