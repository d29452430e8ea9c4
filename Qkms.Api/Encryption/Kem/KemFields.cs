using FluentValidation;

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

/// <summary>The mode of encryption: there is one, and existing clients name it.</summary>
internal sealed class ModeFieldAttribute : FieldAttribute
{
    public ModeFieldAttribute() => (Words, Example) = ([KemModes.Standard], KemModes.Standard);
}

/// <summary>The modes of encryption.</summary>
internal static class KemModes
{
    /// <summary>A fresh encapsulation, and with it a fresh key, for every message.</summary>
    public const string Standard = "standard";

    private const string Deterministic = "deterministic";

    public static IRuleBuilderOptions<T, string?> IsMode<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(mode => mode is not Deterministic)
        .WithMessage(
            $"must be {Standard}: {Deterministic} encryption would show which plaintexts are equal, so Qkms does not offer it")
        .Must(mode => mode is null or Standard or Deterministic)
        .WithMessage($"must be {Standard}");
}
