using FluentValidation;

namespace Qkms.Api.Fields;

/// <summary>The encodings of a data key.</summary>
internal static class SecretEncodings
{
    public const string Base64 = "base64";
    public const string Hex = "hex";

    public static IRuleBuilderOptions<T, string?> IsSecretEncoding<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Must(word => word is null or Base64 or Hex).WithMessage($"must be {Base64} or {Hex}");
}

/// <summary>The encoding of a data key.</summary>
internal sealed class EncodingFieldAttribute : FieldAttribute
{
    public EncodingFieldAttribute() => (Words, Example) = ([SecretEncodings.Base64, SecretEncodings.Hex], SecretEncodings.Base64);
}
